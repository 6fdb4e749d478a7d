"""Who calls: Entra's authentication-events service, for this tenant and this app, or nobody.

The HTTP API's JWT authorizer is the first wall: signature, issuer, audience, expiry. It takes
``client_id`` for an absent ``aud`` and does not know ``azp``, so a valid token of any other app of
the tenant would pass it; this module is the second wall. The authorizer hands on claims as strings
(lists as ``[a b]``), and all are compared exactly.
"""

import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from claims_provider.contract.identifiers import AUTHENTICATION_EVENTS_APP_ID
from claims_provider.deadline import Deadline
from claims_provider.errors import CallerRefused, RefusalReason
from claims_provider.inbound.http_event import Envelope, HttpCall

_ITEM = r"(?:(?:https?|api)://[\w.:/-]{1,200}|[\w.-]{1,64})"
_NUMBER_MAX = 2**63
_SHOWABLE = re.compile(rf"{_ITEM}|\[{_ITEM}(?: {_ITEM}){{0,4}}\]", re.ASCII)
_CALLER_CLAIM_OF_VERSION = {"1.0": "appid", "2.0": "azp"}
"""Which claim names the calling app, by token version; Entra's token reference."""


class CallerKind(StrEnum):
    """Who was let in. All but ``entra`` are loud in log and metric."""

    ENTRA = "entra"
    TEST = "test"
    """One of ``TEST_CALLER_APP_IDS``, before their end."""
    ANYBODY = "anybody"
    """Nothing was verified."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller who was let in, and the tenant (GUID) whose users it may ask about."""

    tenant_id: str
    kind: CallerKind
    has_stale_key: bool = False
    """Whether the token was verified with a key that should long have been fetched again."""


class Verifier(Protocol):
    """What makes sure that the caller is Entra."""

    def verify(self, call: HttpCall, deadline: Deadline) -> Caller:
        """Who calls. Raises `CallerRefused`; never takes longer than `deadline`."""
        ...

    def renew(self) -> None:
        """Begin to learn anew what was learnt from elsewhere. Never waits."""
        ...


@dataclass(frozen=True, slots=True)
class ExpectedCaller:
    """What the token of a callout must say; built from the deployment's settings."""

    tenant_id: str
    issuer: str
    audiences: frozenset[str]
    test_app_ids: frozenset[str] = field(default_factory=frozenset)
    """Apps let in beside Entra until `test_until`, to try the endpoint with."""
    test_until: float = 0.0
    """Epoch seconds."""


@dataclass(frozen=True, slots=True)
class GatewayVerifier:
    """Re-checks what the HTTP API's JWT authorizer has let through."""

    expected: ExpectedCaller

    def verify(self, call: HttpCall, deadline: Deadline) -> Caller:  # noqa: ARG002  # no waiting here
        """Who calls. Raises `CallerRefused`."""
        if call.envelope is not Envelope.HTTP_API:
            raise CallerRefused(
                RefusalReason.ENVELOPE, expected=Envelope.HTTP_API, actual=call.envelope
            )
        if call.authorizer_claims is None:
            raise CallerRefused(RefusalReason.MISSING, expected="claims of the JWT authorizer")
        return check_token_claims(call.authorizer_claims, self.expected)

    def renew(self) -> None:
        """All that it knows are the settings."""


@dataclass(frozen=True, slots=True)
class NoVerification:
    """``CALLER_VERIFICATION=none``: anybody gets an answer. For a closed network or first tests."""

    tenant_id: str

    def verify(self, call: HttpCall, deadline: Deadline) -> Caller:  # noqa: ARG002  # no waiting here
        """Anybody, asking about the deployment's tenant."""
        return Caller(self.tenant_id, CallerKind.ANYBODY)

    def renew(self) -> None:
        """All that it knows are the settings."""


def check_token_claims(claims: Mapping[str, Any], expected: ExpectedCaller) -> Caller:
    """The caller named by a token's `claims`, whose signature and times are verified.

    Raises `CallerRefused`.
    """
    _require(claims, "iss", {expected.issuer}, RefusalReason.ISSUER)
    _require(claims, "aud", expected.audiences, RefusalReason.AUDIENCE)
    return check_caller(claims, expected)


def check_caller(claims: Mapping[str, Any], expected: ExpectedCaller) -> Caller:
    """The caller named by a token's `claims`, whose issuer and audience are verified too.

    Raises `CallerRefused` unless it is Entra (or a test caller, for a while) and of the tenant.
    """
    version = _require(claims, "ver", _CALLER_CLAIM_OF_VERSION.keys(), RefusalReason.VERSION)
    accepted = {AUTHENTICATION_EVENTS_APP_ID}
    if time.time() < expected.test_until:
        accepted |= expected.test_app_ids
    app_id = _require(claims, _CALLER_CLAIM_OF_VERSION[version], accepted, RefusalReason.CALLER)
    tenant_id = _require(claims, "tid", {expected.tenant_id}, RefusalReason.TENANT)
    is_entra = app_id == AUTHENTICATION_EVENTS_APP_ID
    return Caller(tenant_id, CallerKind.ENTRA if is_entra else CallerKind.TEST)


def check_tenant(caller: Caller, asked: str) -> None:
    """A caller of one tenant must not ask about the users of another. Raises `CallerRefused`."""
    if asked != caller.tenant_id:
        raise CallerRefused(
            RefusalReason.TENANT, claim="data.tenantId", expected=caller.tenant_id, actual=asked
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
        reason, claim=name, expected=" or ".join(sorted(accepted)), actual=shown(actual)
    )


def shown(value: object) -> str:
    """What a claim says, for the log: an id, a URL, a number, a list of them; else its kind only.

    Whoever sends a token chooses its claims: a log must not fill with names and addresses for it.
    """
    match value:
        case None:
            return "absent"
        case str() if _SHOWABLE.fullmatch(value):
            return value
        case str():
            return f"text of {len(value)} characters"
        case int() | float() if -_NUMBER_MAX < value < _NUMBER_MAX:
            return str(value)
        case _:
            return type(value).__name__
