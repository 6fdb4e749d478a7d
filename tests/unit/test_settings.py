"""The function's environment → settings, or a message that names what is wrong."""

import pytest
from claims_provider.claims.key import KeyScheme, UserKey
from claims_provider.deadline import budget_ms
from claims_provider.errors import SettingsError
from claims_provider.settings import (
    CallerVerification,
    EchoClaim,
    OnStoreFailure,
    read_settings,
)
from claimsctl.entra.token_claims import issuer_of

from tests.fakes import ENVIRONMENT

OTHER = "99999999-9999-9999-9999-999999999999"
FUNCTION = {"CALLER_VERIFICATION": "function"}
MANY_TENANTS = [f"aaaabbbb-0000-cccc-1111-dddd2222ee{number}" for number in range(10, 21)]


def test_the_defaults_are_closed_and_careful() -> None:
    """The defaults are the safe choices: verified callers, no token on failure, ids only."""
    settings = read_settings(ENVIRONMENT)
    assert (CallerVerification.GATEWAY, OnStoreFailure.FAIL, KeyScheme(), 1000) == (
        settings.caller_verification,
        settings.on_store_failure,
        settings.key_scheme,
        settings.entra_wait_ms,
    )


def test_lists_are_separated_by_commas() -> None:
    """A list in one variable is separated by commas, spaces around them ignored."""
    settings = read_settings(
        ENVIRONMENT
        | {"USER_KEYS": "id, mail", "ECHO_CLAIMS": "correlationId", "ADDRESS_KEY_CLAIMS": "a,b"}
    )
    assert (
        (UserKey.ID, UserKey.MAIL),
        frozenset({EchoClaim.CORRELATION_ID}),
        frozenset({"a", "b"}),
    ) == (
        settings.user_keys,
        settings.echo_claims,
        settings.address_key_claims,
    )


def test_an_empty_variable_is_an_absent_one() -> None:
    """A template passes an unset parameter as an empty string: the default holds."""
    assert read_settings(ENVIRONMENT) == read_settings(
        ENVIRONMENT | {"USER_KEYS": "", "ECHO_CLAIMS": ""}
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"TABLE_NAME": ""}, "TABLE_NAME: required"),
        ({"TENANT_ID": ""}, "TENANT_ID: required"),
        ({"TENANT_ID": "contoso"}, "TENANT_ID: expected a GUID"),
        ({"CALLER_VERIFICATION": "maybe"}, "CALLER_VERIFICATION: .*'gateway'"),
        ({"CALLER_VERIFICATION": "NONE"}, "CALLER_VERIFICATION: .*'none'"),
        ({"TOKEN_ISSUER": ""}, r"TOKEN_ISSUER \(one\) and TOKEN_AUDIENCES are required"),
        ({"TOKEN_ISSUER": "https://a,https://b"}, r"TOKEN_ISSUER \(one\)"),
        ({"TOKEN_AUDIENCES": " , "}, "TOKEN_AUDIENCES are required"),
        ({"TENANT_ID": f"{ENVIRONMENT['TENANT_ID']},{OTHER}"}, "TENANT_ID: expected one tenant"),
        (FUNCTION | {"TOKEN_AUDIENCES": ""}, "TOKEN_AUDIENCES is required"),
        ({"TOKEN_ISSUER": "http://x"}, "TOKEN_ISSUER: expected one of https://"),
        ({"TOKEN_ISSUER": "https://evil.example/"}, "TOKEN_ISSUER: expected one of https://"),
        ({"TOKEN_ISSUER": issuer_of(OTHER)}, "TOKEN_ISSUER: expected one of https://"),
        (FUNCTION | {"TENANT_ID": ",".join(MANY_TENANTS)}, "TENANT_ID: .*at most 10"),
        (FUNCTION | {"TOKEN_ISSUER": "https://x"}, "TOKEN_ISSUER: expected one of https://"),
        (FUNCTION | {"TOKEN_ISSUER": issuer_of(OTHER)}, "TOKEN_ISSUER: expected one of https://"),
        ({"TEST_CALLER_APP_IDS": OTHER}, "TEST_CALLERS_UNTIL: required"),
        ({"TEST_CALLER_APP_IDS": "casey"}, "TEST_CALLER_APP_IDS: expected a GUID"),
        ({"TEST_CALLERS_UNTIL": "2026-12-31"}, "TEST_CALLERS_UNTIL: expected a time with its zone"),
        ({"TEST_CALLERS_UNTIL": "tomorrow"}, "TEST_CALLERS_UNTIL: expected a time with its zone"),
        (
            {"TEST_CALLER_APP_IDS": OTHER, "TEST_CALLERS_UNTIL": "2999-01-01T00:00:00Z"},
            "TEST_CALLERS_UNTIL: .* at most 31 days ahead",
        ),
        ({"ENTRA_WAIT_MS": "199"}, "ENTRA_WAIT_MS: .*200"),
        ({"ENTRA_WAIT_MS": "2001"}, "ENTRA_WAIT_MS: .*2000"),
        ({"ENTRA_WAIT_MS": "1s"}, "ENTRA_WAIT_MS: .*integer"),
        ({"ON_STORE_FAILURE": "ignore"}, "ON_STORE_FAILURE"),
        ({"USER_KEYS": "id,phone"}, "USER_KEYS: .*'mail'"),
        ({"USER_KEYS": ","}, "USER_KEYS"),
        ({"APP_KEY": "source"}, "APP_KEY"),
        ({"ECHO_CLAIMS": "everything"}, "ECHO_CLAIMS"),
        ({"ADDRESS_KEYS_FOR_GUESTS": "perhaps"}, "ADDRESS_KEYS_FOR_GUESTS"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, str], message: str) -> None:
    """An invalid variable stops the function at its start, and the message names it."""
    with pytest.raises(SettingsError, match=message):
        read_settings(ENVIRONMENT | changes)


@pytest.mark.parametrize("mode", ["gateway", "none"])
def test_several_tenants_are_for_function_mode_alone(mode: str) -> None:
    """An authorizer has one issuer, and a function that verifies nothing answers for one tenant."""
    changes = {"TENANT_ID": ",".join(MANY_TENANTS[:2]), "CALLER_VERIFICATION": mode}
    with pytest.raises(SettingsError, match="TENANT_ID: expected one tenant"):
        read_settings(ENVIRONMENT | changes)


@pytest.mark.parametrize("wait", [200, 2000])
def test_the_ends_of_a_range_are_in_it(wait: int) -> None:
    """The limits of Entra's wait are accepted."""
    assert wait == read_settings(ENVIRONMENT | {"ENTRA_WAIT_MS": str(wait)}).entra_wait_ms


def test_ten_tenants_are_not_too_many() -> None:
    """The largest number that is allowed is allowed."""
    changes = FUNCTION | {"TENANT_ID": ",".join(MANY_TENANTS[:10]), "TOKEN_ISSUER": ""}
    assert tuple(MANY_TENANTS[:10]) == read_settings(ENVIRONMENT | changes).tenant_id


@pytest.mark.parametrize(
    ("text", "is_on"),
    [("true", True), ("TRUE", True), ("Yes", True), ("1", True), ("false", False), ("Off", False)],
)
def test_a_switch_is_on_or_off(text: str, is_on: bool) -> None:  # noqa: FBT001
    """Booleans are accepted in common spellings and any case."""
    changes = {"ADDRESS_KEYS_FOR_GUESTS": text}
    assert is_on is read_settings(ENVIRONMENT | changes).address_keys_for_guests


def test_all_that_is_wrong_is_named_at_once() -> None:
    """Every variable at fault is in the one message."""
    with pytest.raises(SettingsError, match=r"TABLE_NAME.*TENANT_ID.*APP_KEY"):
        read_settings({"APP_KEY": "x"})


def test_an_open_door_needs_no_token_settings() -> None:
    """Without verification there is no token to compare with."""
    assert (
        read_settings(
            {
                "TABLE_NAME": "t",
                "TENANT_ID": ENVIRONMENT["TENANT_ID"],
                "CALLER_VERIFICATION": "none",
            }
        ).token_audiences
        == ()
    )


@pytest.mark.parametrize(
    ("wait", "budget"), [(200, 100), (599, 300), (600, 300), (1000, 700), (2000, 1700)]
)
def test_the_budget_leaves_a_reserve(wait: int, budget: int) -> None:
    """Of Entra's wait 300 ms are the network's, or half of a wait too short for that."""
    assert budget == budget_ms(wait)


def test_in_function_mode_every_issuer_of_every_tenant_is_known() -> None:
    """Unless some are named, tokens of all three forms of each tenant's issuer are accepted."""
    settings = read_settings(
        ENVIRONMENT
        | FUNCTION
        | {"TENANT_ID": f"{ENVIRONMENT['TENANT_ID']},{OTHER}", "TOKEN_ISSUER": ""}
    )
    assert 6 == len({issuer.url for issuer in settings.issuers})
    assert {ENVIRONMENT["TENANT_ID"], OTHER} == {issuer.tenant_id for issuer in settings.issuers}


def test_in_function_mode_issuers_may_be_named() -> None:
    """A deployment that knows who issues its tokens asks no other issuer for keys."""
    settings = read_settings(ENVIRONMENT | FUNCTION)
    assert [ENVIRONMENT["TOKEN_ISSUER"]] == [issuer.url for issuer in settings.issuers]


def test_a_past_end_of_test_callers_is_fine() -> None:
    """When the time of test callers is over, the function goes on without them."""
    settings = read_settings(
        ENVIRONMENT | {"TEST_CALLER_APP_IDS": OTHER, "TEST_CALLERS_UNTIL": "2026-01-01T00:00:00Z"}
    )
    assert frozenset({OTHER}) == settings.test_caller_app_ids


def test_a_tenant_named_twice_is_one() -> None:
    """The same tenant in another case, or twice, asks for no keys twice."""
    tenant = ENVIRONMENT["TENANT_ID"]
    settings = read_settings(
        ENVIRONMENT | FUNCTION | {"TENANT_ID": f"{tenant},{tenant.upper()},{tenant}"}
    )
    assert (tenant,) == settings.tenant_id
