"""Only Entra for this tenant and app is an accepted caller."""

import time
from dataclasses import replace
from typing import Any

import pytest
from claims_provider.contract.identifiers import AUTHENTICATION_EVENTS_APP_ID
from claims_provider.deadline import Deadline
from claims_provider.errors import CallerRefused, RefusalReason
from claims_provider.inbound.caller import (
    Caller,
    CallerKind,
    ExpectedCaller,
    GatewayVerifier,
    NoVerification,
    check_tenant,
    check_token_claims,
)
from claims_provider.inbound.http_event import read_http_event
from claimsctl.emulator.events import function_url_event, http_api_event, rest_api_event
from claimsctl.entra.token_claims import SAMPLE_API_APP_ID, TENANT_ID, authorizer_claims, issuer_of

OTHER = "99999999-9999-9999-9999-999999999999"
EXPECTED = ExpectedCaller(
    tenant_id=TENANT_ID,
    issuer=issuer_of(TENANT_ID),
    audiences=frozenset({SAMPLE_API_APP_ID, f"api://host/{SAMPLE_API_APP_ID}"}),
)
GOOD = authorizer_claims(TENANT_ID)
SOON = Deadline.after_ms(1000)


def _v1(**changes: str) -> dict[str, str]:
    claims = GOOD | {"ver": "1.0", "appid": AUTHENTICATION_EVENTS_APP_ID} | changes
    del claims["azp"]
    return claims


@pytest.mark.parametrize(
    "claims",
    [GOOD, _v1(), GOOD | {"aud": f"api://host/{SAMPLE_API_APP_ID}"}],
    ids=["v2", "v1", "audience-uri"],
)
def test_entra_gets_in(claims: dict[str, str]) -> None:
    """Entra's token is accepted by azp (v2) or appid (v1), for both audiences."""
    assert Caller(TENANT_ID, CallerKind.ENTRA) == check_token_claims(claims, EXPECTED)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": issuer_of(OTHER)}, RefusalReason.ISSUER),
        ({"iss": issuer_of(TENANT_ID) + "/"}, RefusalReason.ISSUER),
        ({"iss": issuer_of(TENANT_ID).upper()}, RefusalReason.ISSUER),
        ({"iss": None}, RefusalReason.ISSUER),
        ({"aud": OTHER}, RefusalReason.AUDIENCE),
        ({"aud": f"[{SAMPLE_API_APP_ID}]"}, RefusalReason.AUDIENCE),
        ({"aud": f"[{SAMPLE_API_APP_ID} {OTHER}]"}, RefusalReason.AUDIENCE),
        ({"aud": [SAMPLE_API_APP_ID]}, RefusalReason.AUDIENCE),
        ({"aud": None, "client_id": SAMPLE_API_APP_ID}, RefusalReason.AUDIENCE),
        ({"ver": None}, RefusalReason.VERSION),
        ({"ver": "3.0"}, RefusalReason.VERSION),
        ({"ver": 2.0}, RefusalReason.VERSION),
        ({"azp": OTHER}, RefusalReason.CALLER),
        ({"azp": AUTHENTICATION_EVENTS_APP_ID.upper()}, RefusalReason.CALLER),
        ({"azp": None, "appid": AUTHENTICATION_EVENTS_APP_ID}, RefusalReason.CALLER),
        ({"ver": "1.0"}, RefusalReason.CALLER),
        ({"tid": OTHER}, RefusalReason.TENANT),
        ({"tid": None}, RefusalReason.TENANT),
    ],
)
def test_nobody_else_gets_in(changes: dict[str, Any], reason: RefusalReason) -> None:
    """A claim that is not exactly Entra's for this tenant and app refuses the caller."""
    claims = {name: value for name, value in (GOOD | changes).items() if value is not None}
    with pytest.raises(CallerRefused) as refusal:
        check_token_claims(claims, EXPECTED)
    assert refusal.value.reason is reason


def test_no_claims_are_refused() -> None:
    """A route without an authorizer refuses all callers."""
    event = http_api_event(b"{}", {}, authorizer_claims=None, received_at_ms=0)
    with pytest.raises(CallerRefused) as refusal:
        GatewayVerifier(EXPECTED).verify(read_http_event(event), SOON)
    assert refusal.value.reason is RefusalReason.MISSING


@pytest.mark.parametrize("build", [function_url_event, rest_api_event])
def test_envelopes_without_verified_claims_are_refused(build: Any) -> None:
    """A REST API and a Function URL verify nothing that gateway mode could rely on."""
    event = build(b"{}", {}, received_at_ms=0)
    event["requestContext"]["authorizer"] = {"jwt": {"claims": GOOD}, "claims": GOOD}
    with pytest.raises(CallerRefused) as refusal:
        GatewayVerifier(EXPECTED).verify(read_http_event(event), SOON)
    assert refusal.value.reason is RefusalReason.ENVELOPE


def test_headers_that_claim_a_principal_are_nothing() -> None:
    """App Service's principal headers are ignored, because any caller can set them."""
    headers = {
        "x-ms-client-principal-id": AUTHENTICATION_EVENTS_APP_ID,
        "x-ms-client-principal": "e30=",
    }
    event = http_api_event(b"{}", headers, authorizer_claims=None, received_at_ms=0)
    with pytest.raises(CallerRefused):
        GatewayVerifier(EXPECTED).verify(read_http_event(event), SOON)


def test_an_open_door_speaks_for_the_deployment() -> None:
    """Without verification the caller may ask for the deployment's tenant, and no other."""
    event = function_url_event(b"{}", {}, received_at_ms=0)
    caller = NoVerification(TENANT_ID).verify(read_http_event(event), SOON)
    assert Caller(TENANT_ID, CallerKind.ANYBODY) == caller


def test_a_caller_cannot_ask_about_another_tenant() -> None:
    """The callout's tenant must be the token's."""
    with pytest.raises(CallerRefused) as refusal:
        check_tenant(Caller(TENANT_ID, CallerKind.ENTRA), OTHER)
    assert refusal.value.reason is RefusalReason.TENANT


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (OTHER, OTHER),
        ("https://sts.windows.net/x/", "https://sts.windows.net/x/"),
        ("http://sts.windows.net/x/", "http://sts.windows.net/x/"),
        (f"[{OTHER} api://x/y]", f"[{OTHER} api://x/y]"),
        (None, "absent"),
        ("casey@contoso.com", "text of 17 characters"),
        ("Casey Jensen", "text of 12 characters"),
        ("x" * 10_000, "text of 10000 characters"),
        ("", "text of 0 characters"),
        (7, "7"),
        (1.5, "1.5"),
        (True, "True"),
        (float("nan"), "float"),
        pytest.param(10**5000, "int", id="huge"),
        (["casey@contoso.com"], "list"),
        ({"a": 1}, "dict"),
    ],
)
def test_evidence_is_no_secret(value: object, told: str) -> None:
    """The log contains a claim's id, URL or number, and only the type of other values."""
    with pytest.raises(CallerRefused) as refusal:
        check_token_claims({**GOOD, "azp": value}, EXPECTED)
    assert told == refusal.value.evidence["actual"]


TESTER = "77777777-7777-7777-7777-777777777777"


@pytest.mark.parametrize(("ends_in", "gets_in"), [(3600, True), (0, False), (-1, False)])
def test_a_test_caller_gets_in_for_a_while(ends_in: float, gets_in: bool) -> None:  # noqa: FBT001
    """A test caller is accepted until its end date, and is distinguished from Entra."""
    expected = replace(EXPECTED, test_app_ids=frozenset({TESTER}), test_until=time.time() + ends_in)
    if gets_in:
        caller = check_token_claims(GOOD | {"azp": TESTER}, expected)
        assert Caller(TENANT_ID, CallerKind.TEST) == caller
    else:
        with pytest.raises(CallerRefused) as refusal:
            check_token_claims(GOOD | {"azp": TESTER}, expected)
        assert RefusalReason.CALLER is refusal.value.reason
    assert CallerKind.ENTRA is check_token_claims(GOOD, expected).kind


def test_a_test_caller_is_held_to_everything_else() -> None:
    """A test caller is accepted by its app id; all other checks apply."""
    expected = replace(EXPECTED, test_app_ids=frozenset({TESTER}), test_until=time.time() + 60)
    for changes in ({"aud": OTHER}, {"tid": OTHER}, {"iss": issuer_of(OTHER)}, {"ver": "3.0"}):
        with pytest.raises(CallerRefused):
            check_token_claims(GOOD | {"azp": TESTER} | changes, expected)
