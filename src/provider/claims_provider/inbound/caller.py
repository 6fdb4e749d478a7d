"""Who calls: Entra's authentication-events service, for this tenant and this app, or nobody.

The HTTP API's JWT authorizer is the first wall: signature, issuer, audience, expiry. It takes
``client_id`` for an absent ``aud`` and does not know ``azp``, so a valid token of any other app of
the tenant would pass it; this module is the second wall. The authorizer hands on claims as strings
(lists as
``[a b]``), and all are compared exactly.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from claims_provider.contract.identifiers import AUTHENTICATION_EVENTS_APP_ID
from claims_provider.errors import CallerRefused, RefusalReason
from claims_provider.inbound.http_event import Envelope, HttpCall

_EVIDENCE_CHARACTERS = 120
_CALLER_CLAIM_OF_VERSION = {"1.0": "appid", "2.0": "azp"}
"""Which claim names the calling app, by token version; Entra's token reference."""


@dataclass(frozen=True, slots=True)
class ExpectedCaller:
    """What the token of a callout must say; built from the deployment's settings."""

    tenant_id: str
    issuer: str
    audiences: frozenset[str]


@dataclass(frozen=True, slots=True)
class GatewayVerifier:
    """Re-checks what the HTTP API's JWT authorizer has let through."""

    expected: ExpectedCaller

    def verify(self, call: HttpCall) -> str:
        """The tenant (GUID) that the caller speaks for. Raises `CallerRefused`."""
        if call.envelope is not Envelope.HTTP_API:
            raise CallerRefused(
                RefusalReason.ENVELOPE, expected=Envelope.HTTP_API, actual=call.envelope
            )
        if call.authorizer_claims is None:
            raise CallerRefused(RefusalReason.MISSING, expected="claims of the JWT authorizer")
        return check_token_claims(call.authorizer_claims, self.expected)


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """``CALLER_VERIFICATION=none``: anybody gets in. For a closed network or a first look only."""

    tenant_id: str

    def verify(self, call: HttpCall) -> str:  # noqa: ARG002  # the door is open whoever calls
        """The deployment's tenant (GUID), whoever calls."""
        return self.tenant_id


Verifier = GatewayVerifier | OpenDoor


def check_token_claims(claims: Mapping[str, Any], expected: ExpectedCaller) -> str:
    """The tenant (GUID) that verified token `claims` speak for. Raises `CallerRefused`."""
    _require(claims, "iss", {expected.issuer}, RefusalReason.ISSUER)
    _require(claims, "aud", expected.audiences, RefusalReason.AUDIENCE)
    version = _require(claims, "ver", _CALLER_CLAIM_OF_VERSION.keys(), RefusalReason.VERSION)
    caller_claim = _CALLER_CLAIM_OF_VERSION[version]
    _require(claims, caller_claim, {AUTHENTICATION_EVENTS_APP_ID}, RefusalReason.CALLER)
    return _require(claims, "tid", {expected.tenant_id}, RefusalReason.TENANT)


def check_tenant(verified: str, asked: str) -> None:
    """A caller of one tenant must not ask about the users of another. Raises `CallerRefused`."""
    if asked != verified:
        raise CallerRefused(
            RefusalReason.TENANT, claim="data.tenantId", expected=verified, actual=asked
        )


def _require(
    claims: Mapping[str, Any],
    name: str,
    accepted: Collection[str],
    reason: RefusalReason,
) -> str:
    actual = claims.get(name)
    if isinstance(actual, str) and actual in accepted:
        return actual
    raise CallerRefused(
        reason,
        claim=name,
        expected=" or ".join(sorted(accepted)),
        actual="absent" if actual is None else str(actual)[:_EVIDENCE_CHARACTERS],
    )
