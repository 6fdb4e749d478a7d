"""Who calls: Entra for this tenant and app, or nobody."""

from typing import Any

import pytest
from claims_provider.contract.identifiers import AUTHENTICATION_EVENTS_APP_ID
from claims_provider.errors import CallerRefused, RefusalReason
from claims_provider.inbound.caller import (
    ExpectedCaller,
    GatewayVerifier,
    OpenDoor,
    check_tenant,
    check_token_claims,
)
from claims_provider.inbound.http_event import read_http_event
from claimsctl.entra.scenarios import TENANT_ID
from claimsctl.entra.token_claims import SAMPLE_API_APP_ID, authorizer_claims, issuer_of
from claimsctl.local.gateway import function_url_event, http_api_event, rest_api_event

OTHER = "99999999-9999-9999-9999-999999999999"
EXPECTED = ExpectedCaller(
    tenant_id=TENANT_ID,
    issuer=issuer_of(TENANT_ID),
    audiences=frozenset({SAMPLE_API_APP_ID, f"api://host/{SAMPLE_API_APP_ID}"}),
)
GOOD = authorizer_claims(TENANT_ID)


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
    """Entra's own token gets in: by azp in version 2, by appid in 1, for both audiences."""
    assert check_token_claims(claims, EXPECTED) == TENANT_ID


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
    """A route without authorizer lets nobody in: absent means refused."""
    event = http_api_event(b"{}", {}, authorizer_claims=None, received_at_ms=0)
    with pytest.raises(CallerRefused) as refusal:
        GatewayVerifier(EXPECTED).verify(read_http_event(event))
    assert refusal.value.reason is RefusalReason.MISSING


@pytest.mark.parametrize("build", [function_url_event, rest_api_event])
def test_envelopes_without_verified_claims_are_refused(build: Any) -> None:
    """A REST API and a Function URL verify nothing that gateway mode could rely on."""
    event = build(b"{}", {}, received_at_ms=0)
    event["requestContext"]["authorizer"] = {"jwt": {"claims": GOOD}, "claims": GOOD}
    with pytest.raises(CallerRefused) as refusal:
        GatewayVerifier(EXPECTED).verify(read_http_event(event))
    assert refusal.value.reason is RefusalReason.ENVELOPE


def test_headers_that_claim_a_principal_are_nothing() -> None:
    """App Service's principal headers are the caller's own words outside Azure."""
    headers = {
        "x-ms-client-principal-id": AUTHENTICATION_EVENTS_APP_ID,
        "x-ms-client-principal": "e30=",
    }
    event = http_api_event(b"{}", headers, authorizer_claims=None, received_at_ms=0)
    with pytest.raises(CallerRefused):
        GatewayVerifier(EXPECTED).verify(read_http_event(event))


def test_an_open_door_speaks_for_the_deployment() -> None:
    """Without verification the caller may ask for the deployment's tenant, and no other."""
    event = function_url_event(b"{}", {}, received_at_ms=0)
    assert OpenDoor(TENANT_ID).verify(read_http_event(event)) == TENANT_ID


def test_a_caller_cannot_ask_about_another_tenant() -> None:
    """The callout's tenant must be the token's."""
    with pytest.raises(CallerRefused) as refusal:
        check_tenant(TENANT_ID, OTHER)
    assert refusal.value.reason is RefusalReason.TENANT


def test_evidence_is_bounded() -> None:
    """What a token says goes into the log only up to a length."""
    with pytest.raises(CallerRefused) as refusal:
        check_token_claims(GOOD | {"azp": "x" * 10_000}, EXPECTED)
    assert len(str(refusal.value.evidence["actual"])) == 120
