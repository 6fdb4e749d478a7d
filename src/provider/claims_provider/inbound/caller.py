"""Verify that the caller is Entra's authentication events service, for this tenant and app.

The HTTP API's JWT authorizer checks signature, issuer, audience and expiry first. It uses
``client_id`` if ``aud`` is absent and does not check ``azp``, so it would accept a valid token of
any other app of the tenant; this module refuses it. The authorizer passes claims on as strings
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
"""The claim that names the calling app, by token version; source: Entra's token reference."""


class CallerKind(StrEnum):
    """The kind of accepted caller. All except ``entra`` cause a warning and a metric."""

    ENTRA = "entra"
    TEST = "test"
    """One of ``TEST_CALLER_APP_IDS``, before their end date."""
    ANYBODY = "anybody"
    """Nothing was verified."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An accepted caller, and the tenant (GUID) whose users it may request."""

    tenant_id: str
    kind: CallerKind
    has_stale_key: bool = False
    """Whether the token was verified with an outdated key."""


class Verifier(Protocol):
    """Verifies that the caller is Entra."""

    def verify(self, call: HttpCall, deadline: Deadline) -> Caller:
        """Return the caller. Raises `CallerRefused`; never takes longer than `deadline`."""
        ...

    def renew(self) -> None:
        """Start to refresh data that was fetched. Never waits."""
        ...


@dataclass(frozen=True, slots=True)
class ExpectedCaller:
    """The required values of a callout's token, from the deployment's settings."""

    tenant_id: str
    issuer: str
    audiences: frozenset[str]
    test_app_ids: frozenset[str] = field(default_factory=frozenset)
    """Apps that are accepted in addition to Entra until `test_until`, for tests."""
    test_until: float = 0.0
    """Epoch seconds."""


@dataclass(frozen=True, slots=True)
class GatewayVerifier:
    """Checks tokens again that the HTTP API's JWT authorizer accepted."""

    expected: ExpectedCaller

    def verify(self, call: HttpCall, deadline: Deadline) -> Caller:  # noqa: ARG002  # no waiting here
        """Return the caller. Raises `CallerRefused`."""
        if call.envelope is not Envelope.HTTP_API:
            raise CallerRefused(
                RefusalReason.ENVELOPE, expected=Envelope.HTTP_API, actual=call.envelope
            )
        if call.authorizer_claims is None:
            raise CallerRefused(RefusalReason.MISSING, expected="claims of the JWT authorizer")
        return check_token_claims(call.authorizer_claims, self.expected)

    def renew(self) -> None:
        """Do nothing: the verifier depends on the settings only."""


@dataclass(frozen=True, slots=True)
class NoVerification:
    """``CALLER_VERIFICATION=none``: accepts every caller. For a closed network or first tests."""

    tenant_id: str

    def verify(self, call: HttpCall, deadline: Deadline) -> Caller:  # noqa: ARG002  # no waiting here
        """Return an unverified caller for the deployment's tenant."""
        return Caller(self.tenant_id, CallerKind.ANYBODY)

    def renew(self) -> None:
        """Do nothing: the verifier depends on the settings only."""


def check_token_claims(claims: Mapping[str, Any], expected: ExpectedCaller) -> Caller:
    """Return the caller named by a token's `claims`, whose signature and times are verified.

    Raises `CallerRefused`.
    """
    _require(claims, "iss", {expected.issuer}, RefusalReason.ISSUER)
    _require(claims, "aud", expected.audiences, RefusalReason.AUDIENCE)
    return check_caller(claims, expected)


def check_caller(claims: Mapping[str, Any], expected: ExpectedCaller) -> Caller:
    """Return the caller named by a token's `claims`, whose issuer and audience are verified too.

    Raises `CallerRefused` unless it is Entra, or a current test caller, and of the tenant.
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
    """Check that the caller requests only users of its own tenant. Raises `CallerRefused`."""
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
    """Return a claim's value for the log if it is an id, a URL, a number or a list of them.

    Otherwise, return its type only: the sender chooses the claims of a token, and the log must not
    contain names and addresses.
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
