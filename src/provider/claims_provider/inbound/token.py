"""``CALLER_VERIFICATION=function``: the function verifies Entra's bearer token itself.

For callouts through a gateway without a JWT authorizer (a REST API, a function URL), and for more
than the one issuer that an authorizer supports. Only this mode imports a JWT library, which adds
about 40 ms to a cold start.

The checks are, in this order: format, algorithm, issuer, types, key, then signature, times, issuer
and audience (PyJWT), then the caller (`check_caller`). The token's header can only select one of
the fetched keys: ``jwk``, ``jku``, ``x5u`` and ``x5c`` are ignored.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import jwt

from claims_provider.deadline import Deadline
from claims_provider.errors import CallerRefused, RefusalReason
from claims_provider.inbound.caller import Caller, ExpectedCaller, check_caller, shown
from claims_provider.inbound.http_event import HttpCall
from claims_provider.inbound.signing_keys import SigningKeys

ALGORITHM: Final = "RS256"
"""The only algorithm of Entra's access tokens; source: its discovery documents."""

SKEW_SECONDS: Final = 300
"""The allowed clock skew."""

TOKEN_CHARACTERS_MAX: Final = 8192
"""This service's limit: Entra's token has about 1,700; a gateway accepts 10 KB of headers."""

_BEARER = re.compile(r"bearer +([\w-]+\.[\w-]+\.[\w-]*) *", re.ASCII | re.IGNORECASE)
_TIMES = ("exp", "nbf", "iat")
_TIMES_MAX = 2**53
"""Larger numbers are not valid times; JSON's floats are exact up to here."""


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """An issuer, its keys, and the required values of its tokens."""

    expected: ExpectedCaller
    keys: SigningKeys


class TokenVerifier:
    """Verifies the bearer token of a call in any envelope."""

    def __init__(self, issuers: tuple[TrustedIssuer, ...], deadline: Deadline) -> None:
        """Load the keys of all `issuers` concurrently, as far as they arrive by `deadline`."""
        self._issuers: Mapping[str, TrustedIssuer] = {
            issuer.expected.issuer: issuer for issuer in issuers
        }
        for issuer in issuers:
            issuer.keys.begin()
        for issuer in issuers:
            issuer.keys.take(deadline)

    def verify(self, call: HttpCall, deadline: Deadline) -> Caller:
        """Return the caller. Raises `CallerRefused`, `KeysUnavailable`."""
        token = _bearer_token(call)
        header, unverified = _unverified(token)
        algorithm = header.get("alg")
        if algorithm != ALGORITHM:
            raise CallerRefused(
                RefusalReason.ALGORITHM, claim="alg", expected=ALGORITHM, actual=shown(algorithm)
            )
        issuer = self._issuer_of(unverified)
        _check_types(unverified, issuer.expected)
        key = issuer.keys.find(_key_id(header), deadline)
        claims = _verified_claims(token, key, unverified, issuer.expected)
        caller = check_caller(claims, issuer.expected)
        return replace(caller, has_stale_key=issuer.keys.is_stale)

    def renew(self) -> None:
        """Start to fetch the keys of all issuers; the known keys are used until they arrive."""
        for issuer in self._issuers.values():
            issuer.keys.renew()

    def _issuer_of(self, unverified: Mapping[str, Any]) -> TrustedIssuer:
        name = unverified.get("iss")
        issuer = self._issuers.get(name) if isinstance(name, str) else None
        if issuer is None:
            raise CallerRefused(
                RefusalReason.ISSUER,
                claim="iss",
                expected=" or ".join(self._issuers),
                actual=shown(name),
            )
        return issuer


def _bearer_token(call: HttpCall) -> str:
    authorization = call.headers.get("authorization")
    if authorization is None:
        raise CallerRefused(RefusalReason.MISSING, expected="Authorization: Bearer")
    if len(authorization) > TOKEN_CHARACTERS_MAX:
        raise CallerRefused(
            RefusalReason.MALFORMED, expected=TOKEN_CHARACTERS_MAX, actual=len(authorization)
        )
    bearer = _BEARER.fullmatch(authorization)
    if bearer is None:
        raise CallerRefused(RefusalReason.MALFORMED, expected="Bearer and one signed token")
    return bearer[1]


def _unverified(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the unverified header and claims of `token`, only for choosing a key."""
    try:
        decoded = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise CallerRefused(RefusalReason.MALFORMED, expected="a JSON Web Token") from None
    header, claims = decoded["header"], decoded["payload"]
    if "crit" in header:  # RFC 7515: must be refused by implementations that do not support it
        raise CallerRefused(RefusalReason.MALFORMED, expected="no critical header")
    return header, claims


def _key_id(header: Mapping[str, Any]) -> str:
    key_id = header.get("kid")
    if isinstance(key_id, str) and key_id:
        return key_id
    raise CallerRefused(
        RefusalReason.UNKNOWN_KEY, claim="kid", expected="a key id", actual=shown(key_id)
    )


def _check_types(claims: Mapping[str, Any], expected: ExpectedCaller) -> None:
    """Refuse types that PyJWT accepts but Entra never sends: a time as text, an audience list.

    Raises `CallerRefused`.
    """
    for name in _TIMES:
        value = claims.get(name)
        is_moment = isinstance(value, int) and not isinstance(value, bool)
        if value is not None and not (is_moment and 0 <= value <= _TIMES_MAX):
            kind = "text" if isinstance(value, str) else shown(value)
            raise _no_moment(name, kind)
    if not isinstance(claims.get("aud"), str):
        raise _other_audience(claims, expected)


def _no_moment(name: str, actual: str) -> CallerRefused:
    return CallerRefused(
        RefusalReason.MALFORMED, claim=name, expected="a whole number of seconds", actual=actual
    )


def _verified_claims(
    token: str, key: Any, unverified: Mapping[str, Any], expected: ExpectedCaller
) -> Mapping[str, Any]:
    """Return the claims of `token` after verifying its signature, times, issuer and audience.

    Raises `CallerRefused`, whose evidence is taken from the `unverified` claims.
    """
    claims: Mapping[str, Any]
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=expected.audiences,
            issuer=expected.issuer,
            leeway=SKEW_SECONDS,
            options={"require": list(_TIMES)},
        )
    except jwt.InvalidSignatureError:
        raise CallerRefused(RefusalReason.SIGNATURE) from None
    except jwt.ExpiredSignatureError:
        raise _not_now(RefusalReason.EXPIRED, "exp", unverified) from None
    except jwt.ImmatureSignatureError:
        late = max("nbf", "iat", key=lambda name: unverified[name])
        raise _not_now(RefusalReason.NOT_YET_VALID, late, unverified) from None
    except jwt.MissingRequiredClaimError as missing:
        raise _no_moment(missing.claim, "absent") from None
    except jwt.InvalidAudienceError:
        raise _other_audience(unverified, expected) from None
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise CallerRefused(RefusalReason.MALFORMED, expected="a JSON Web Token") from None
    return claims


def _not_now(reason: RefusalReason, name: str, claims: Mapping[str, Any]) -> CallerRefused:
    return CallerRefused(reason, claim=name, expected=int(time.time()), actual=claims[name])


def _other_audience(claims: Mapping[str, Any], expected: ExpectedCaller) -> CallerRefused:
    return CallerRefused(
        RefusalReason.AUDIENCE,
        claim="aud",
        expected=" or ".join(sorted(expected.audiences)),
        actual=shown(claims.get("aud")),
    )
