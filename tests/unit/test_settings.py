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

from tests.fakes import ENVIRONMENT


def test_the_defaults_are_closed_and_careful() -> None:
    """What is not said is the safe choice: verified callers, no token on failure, ids only."""
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
        ({"TOKEN_ISSUER": ""}, "TOKEN_ISSUER and TOKEN_AUDIENCES are required"),
        ({"TOKEN_AUDIENCES": " , "}, "TOKEN_ISSUER and TOKEN_AUDIENCES are required"),
        ({"TOKEN_ISSUER": "http://x"}, "TOKEN_ISSUER: expected an https"),
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
    """A variable that makes no sense stops the function at its start, by name."""
    with pytest.raises(SettingsError, match=message):
        read_settings(ENVIRONMENT | changes)


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
