"""A model of the JWT authorizer that API Gateway puts in front of an HTTP API.

AWS does not publish the authorizer's code. The model follows the developer guide ("Control access
to HTTP APIs with JWT authorizers", and its troubleshooting page):

- The identity source is ``$request.header.Authorization``: the token alone, or after ``Bearer ``.
- Only RSA-based algorithms. ``kid`` must be one of the keys of the issuer's ``jwks_uri``, and that
  key must have signed.
- ``iss`` is the one configured issuer; ``aud`` has a configured audience, and ``client_id`` counts
  only where there is no ``aud``; ``exp`` is after, ``nbf`` and ``iat`` are before the current time.
- A refusal is a 401 whose ``www-authenticate`` gives the reason. ``the token does not have a valid
  audience`` is AWS's wording; the other descriptions are this project's.

PyJWT checks the signature, ``iss``, ``aud``, ``exp``, ``nbf`` and ``iat``. Where the guide is
silent, the model is stricter than PyJWT: a key is used with its own algorithm only; times are whole
numbers, without leeway, and ``exp`` is required; ``Bearer`` is case-sensitive. A real gateway may
accept more tokens, which the function's own checks cover.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import isinf
from typing import Any, NoReturn

import jwt

from claimsctl.emulator.issuer_keys import IssuerKeys
from claimsctl.errors import OperatorError

BODY = {"message": "Unauthorized"}
"""The body of API Gateway's 401 for every reason."""

_SHOWABLE = re.compile(r"(https|api)://[\w.:/-]{1,200}|[\w-]{1,64}", re.ASCII)
"""Matches ids, issuers and audiences, but no address, name of two words or token."""

_INTEGER_MAX = 2**63


class Reason(StrEnum):
    """``cause.reason`` in the log, with the function's own names. Never renamed."""

    MISSING = "missing"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown-key"
    KEYS_UNAVAILABLE = "keys-unavailable"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"


_DESCRIPTIONS = {
    Reason.MALFORMED: "the token is malformed",
    Reason.ALGORITHM: "the token is not signed with an RSA-based algorithm of the issuer's",
    Reason.UNKNOWN_KEY: "the token's kid is not one of the issuer's keys",
    Reason.KEYS_UNAVAILABLE: "the issuer's keys cannot be fetched",
    Reason.SIGNATURE: "the token's signature is not valid",
    Reason.ISSUER: "the token does not have the configured issuer",
    Reason.AUDIENCE: "the token does not have a valid audience",
    Reason.EXPIRED: "the token has expired",
    Reason.NOT_YET_VALID: "the token is not valid yet",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was found, and what would have been accepted."""

    reason: Reason
    claim: str | None = None
    """The claim or header parameter at fault."""
    expected: str | None = None
    actual: str | None = None
    """The value found, as far as a log may show it."""

    @property
    def challenge(self) -> str:
        """Return the ``www-authenticate`` header: constant text, nothing from the caller."""
        if self.reason is Reason.MISSING:
            return "Bearer"
        description = _DESCRIPTIONS[self.reason]
        return f'Bearer scope="" error="invalid_token" error_description="{description}"'

    def log_line(self, now: float) -> str:
        """Return a log line in the function's format; `now` is in epoch seconds."""
        cause = {
            "reason": self.reason.value,
            "claim": self.claim,
            "expected": self.expected,
            "actual": self.actual,
        }
        moment = datetime.fromtimestamp(now, UTC)
        line = {
            "level": "WARNING",
            "message": "callout",
            "timestamp": f"{moment:%Y-%m-%d %H:%M:%S},{moment.microsecond // 1000:03}+0000",
            "service": "local-gateway",
            "outcome": "caller-refused",
            "cause": {name: value for name, value in cause.items() if value is not None},
            "status": 401,
        }
        return json.dumps(line, separators=(",", ":"))


def loggable(value: Any) -> str:
    """Return a claim's `value` for the log if it is an id, a URL or a number; otherwise its type.

    The sender of a token chooses its claims, and no name or address may reach the log through them.
    """
    match value:
        case None:
            text = "absent"
        case bool():
            text = "a boolean"
        case str():
            text = value if _SHOWABLE.fullmatch(value) else f"text of {len(value)} characters"
        case int() if abs(value) < _INTEGER_MAX:
            text = str(value)
        case list():
            text = f"a list of {len(value)}"
        case dict():
            text = "an object"
        case _:
            text = "a number"
    return text


HEADER_CHARACTERS_MAX = 10_240
"""API Gateway's quota for the request line and all headers together, in bytes."""

_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
"""A token's compact form (RFC 7515): three parts in base64url, without padding."""
_BEARER = "Bearer "
_BLANKS = " \t"
_EPOCH_MAX = 2**53
"""Every JSON parser reads whole numbers up to this one exactly."""
_WHOLE_SECONDS = "a whole number of seconds"


class JwtAuthorizer:
    """Lets a request through or refuses it, by its ``Authorization`` header alone."""

    def __init__(self, issuer: str, audiences: frozenset[str], keys: IssuerKeys) -> None:
        self._issuer = issuer
        self._audiences = audiences
        self._keys = keys

    def authorize(self, authorization: str | None) -> dict[str, str] | Refusal:
        """Return the token's claims as the function gets them, or the refusal. Never raises.

        `authorization` is the header's value, or ``None`` without one. The call may fetch the
        issuer's keys, and waits for them.
        """
        try:
            return _as_strings(self._verified_claims(_token_in(authorization)))
        except _UnauthorizedError as error:
            return error.refusal

    def _verified_claims(self, token: str) -> Mapping[str, Any]:
        now = time.time()
        key = self._key_of(token, now)
        try:
            claims = _read_claims(jwt.PyJWS().decode(token, key))
        except jwt.InvalidSignatureError:
            _refuse(Reason.SIGNATURE)
        except jwt.PyJWTError:
            _refuse(Reason.MALFORMED, expected="a signed JWT without unknown critical extensions")
        has_audience = "aud" in claims
        try:
            jwt.decode(
                token,
                key,
                issuer=self._issuer,
                audience=self._audiences,
                options={
                    "require": ["exp", "iss"],
                    "verify_aud": has_audience,
                    "verify_sub": False,
                    "verify_jti": False,
                },
            )
        except jwt.PyJWTError as error:
            self._refuse_claims(error, claims, now)
        client_id = claims.get("client_id")
        if not has_audience and not (isinstance(client_id, str) and client_id in self._audiences):
            self._refuse_audience("client_id", claims)
        return claims

    def _refuse_claims(
        self, error: jwt.PyJWTError, claims: Mapping[str, Any], now: float
    ) -> NoReturn:
        """Refuse signed `claims` for the error that PyJWT found in them."""
        match error:
            case jwt.ExpiredSignatureError():
                _refuse(Reason.EXPIRED, "exp", f"after {int(now)}", claims["exp"])
            case jwt.ImmatureSignatureError():
                name = "nbf" if claims.get("nbf", 0) > now else "iat"
                _refuse(Reason.NOT_YET_VALID, name, f"at most {int(now)}", claims[name])
            case jwt.MissingRequiredClaimError(claim="exp"):
                _refuse(Reason.MALFORMED, "exp", _WHOLE_SECONDS, None)
            case jwt.InvalidIssuerError() | jwt.MissingRequiredClaimError(claim="iss"):
                _refuse(Reason.ISSUER, "iss", self._issuer, claims.get("iss"))
            case jwt.InvalidAudienceError() | jwt.MissingRequiredClaimError(claim="aud"):
                self._refuse_audience("aud", claims)
            case _:
                _refuse(Reason.MALFORMED, expected="the claims of a JWT")

    def _key_of(self, token: str, now: float) -> jwt.PyJWK:
        """Return the issuer's key that the token's header names."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            _refuse(Reason.MALFORMED, expected=_SIGNED_JWT)
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in _RSA:
            _refuse(Reason.ALGORITHM, "alg", "an RSA-based algorithm", algorithm)
        try:
            keys = self._keys.current(now, kid)
        except OperatorError:
            _refuse(Reason.KEYS_UNAVAILABLE, expected="the issuer's key set")
        key = keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            _refuse(Reason.UNKNOWN_KEY, "kid", " or ".join(sorted(keys)), kid)
        if algorithm != key.algorithm_name:
            _refuse(Reason.ALGORITHM, "alg", key.algorithm_name, algorithm)
        return key

    def _refuse_audience(self, name: str, claims: Mapping[str, Any]) -> NoReturn:
        _refuse(Reason.AUDIENCE, name, " or ".join(sorted(self._audiences)), claims.get(name))


_SIGNED_JWT = "a signed JWT: header.payload.signature"


def _token_in(authorization: str | None) -> str:
    token = (authorization or "").strip(_BLANKS)
    if not token or token == _BEARER.strip(_BLANKS):
        _refuse(Reason.MISSING)
    if len(token) > HEADER_CHARACTERS_MAX:
        _refuse(
            Reason.MALFORMED,
            expected=f"at most {HEADER_CHARACTERS_MAX} characters",
            actual=len(token),
        )
    token = token.removeprefix(_BEARER).strip(_BLANKS)
    if not _COMPACT.fullmatch(token):
        _refuse(Reason.MALFORMED, expected=_SIGNED_JWT)
    return token


def _read_claims(payload: bytes) -> Mapping[str, Any]:
    """Return the claims in a signed `payload`, parsed as strict JSON, including the times."""
    try:
        claims = json.loads(
            payload.decode("utf-8"), parse_float=_finite, parse_constant=_reject_constant
        )
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        _refuse(Reason.MALFORMED, expected="claims: a JSON object")
    for name in ("exp", "nbf", "iat"):
        value = claims.get(name)
        is_whole = type(value) is int and 0 <= value < _EPOCH_MAX  # bool is an int
        if name in claims and not is_whole:
            _refuse(Reason.MALFORMED, name, _WHOLE_SECONDS, value)
    return claims


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):  # 1e400
        raise ValueError(text)
    return number


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity, which JSON lacks


def _as_strings(claims: Mapping[str, Any]) -> dict[str, str]:
    """Return every claim as a string, as in API Gateway's events, without null claims.

    Lists are ``[a b]``. The format of objects is not documented; here they are JSON.
    """
    try:
        return {name: _text(value) for name, value in claims.items() if value is not None}
    except RecursionError:
        _refuse(Reason.MALFORMED, expected="claims of a sensible depth")


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case list():
            return f"[{' '.join(map(_text, value))}]"
        case _:
            return json.dumps(value, separators=(",", ":"))


class _UnauthorizedError(Exception):
    """Ends a check. Raised and caught in the authorizer only."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason.value)
        self.refusal = refusal


def _refuse(
    reason: Reason, claim: str | None = None, expected: str | None = None, actual: Any = ...
) -> NoReturn:
    found = None if actual is ... else loggable(actual)
    raise _UnauthorizedError(Refusal(reason, claim, expected, found))
