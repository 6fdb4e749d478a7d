"""A model of the JWT authorizer that API Gateway puts in front of an HTTP API.

A model: AWS publishes no code of it. What its developer guide says ("Control access to HTTP APIs
with JWT authorizers", and the page on troubleshooting them) is followed:

- The identity source is ``$request.header.Authorization``: the token alone, or after ``Bearer ``.
- Only RSA-based algorithms. ``kid`` must be one of the keys of the issuer's ``jwks_uri``, and that
  key must have signed. Keys may be cached for two hours.
- ``iss`` is the one configured issuer; ``aud`` has a configured audience, and ``client_id`` counts
  only where there is no ``aud``; ``exp`` is after, ``nbf`` and ``iat`` are before the current time.
- A refusal is a 401 whose ``www-authenticate`` says why. ``the token does not have a valid
  audience`` is AWS's wording, the other descriptions are ours.

Where the guide is silent, the stricter reading: no leeway; a ``kid`` that the cached keys lack is
refused without fetching them again; a key is used with the algorithm that it names; times are
whole numbers, and ``exp`` must be there; ``Bearer`` is spelt like that. A real gateway may let a
little more through than this model, which is what the function's own checks are for.
"""

import json
import re
from collections.abc import Callable, Mapping
from math import isinf
from typing import Any, NoReturn

import jwt

from claimsctl.emulator.refusal import Reason, Refusal, Refused, shown
from claimsctl.errors import OperatorError

KEYS_SECONDS = 2 * 60 * 60
"""API Gateway "can cache the public key for two hours" (developer guide, JWT authorizers)."""

KeySet = Mapping[str, Any]


class KeyCache:
    """Keys by their id, at most two hours old.

    The guide does not say whether an unknown id makes a real gateway fetch anew. Here it does not:
    whoever rotates keys must publish the new one two hours before signing with it.
    """

    def __init__(self, fetch: Callable[[], KeySet]) -> None:
        self._fetch = fetch
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None

    def keys(self, now: float) -> Mapping[str, jwt.PyJWK]:
        """The keys that count at `now` (epoch seconds). Raises what fetching them raises."""
        if self._fetched_at is None or not 0 <= now - self._fetched_at < KEYS_SECONDS:
            self._keys = _usable(self._fetch())
            self._fetched_at = now
        return self._keys


def _usable(key_set: KeySet) -> dict[str, jwt.PyJWK]:
    """The RSA keys for signatures; others are of no use to the authorizer."""
    return {
        jwk["kid"]: jwt.PyJWK(jwk)
        for jwk in key_set["keys"]
        if jwk["kty"] == "RSA" and jwk["use"] == "sig"
    }


HEADER_CHARACTERS_MAX = 10_240
"""API Gateway's quota for the request line and all headers together, in bytes."""

_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
"""A token's compact form (RFC 7515): three parts in base64url, without padding."""
_BEARER = "Bearer "
_BLANKS = " \t"
_EPOCH_MAX = 2**53
"""Whole numbers up to here survive any JSON reader."""


class JwtAuthorizer:
    """Refuses or lets through, by the ``Authorization`` header alone."""

    def __init__(
        self, issuer: str, audiences: frozenset[str], fetch_keys: Callable[[], KeySet]
    ) -> None:
        self._issuer = issuer
        self._audiences = audiences
        self._cache = KeyCache(fetch_keys)

    def authorize(self, authorization: str | None, now: float) -> dict[str, str] | Refusal:
        """The token's claims as the function gets them, or why there are none. Never raises.

        `authorization` is the header's value, ``None`` without one; `now` is in epoch seconds.
        """
        try:
            token = _token_in(authorization)
            claims = _read_claims(self._verified_payload(token, now))
            self._check_issuer_and_audience(claims)
            _check_times(claims, now)
            return _handed_on(claims)
        except Refused as refused:
            return refused.refusal

    def _verified_payload(self, token: str, now: float) -> bytes:
        header = _read_header(token)
        algorithm = header.get("alg")
        if algorithm not in _RSA:
            _refuse(Reason.ALGORITHM, "alg", "an RSA-based algorithm", algorithm)
        keys = self._current_keys(now)
        kid = header.get("kid")
        key = keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            _refuse(Reason.UNKNOWN_KEY, "kid", " or ".join(sorted(keys)), kid)
        if algorithm != key.algorithm_name:
            _refuse(Reason.ALGORITHM, "alg", key.algorithm_name, algorithm)
        try:
            payload: bytes = jwt.PyJWS().decode(token, key)
        except jwt.InvalidSignatureError:
            _refuse(Reason.SIGNATURE)
        except jwt.PyJWTError:
            _refuse(Reason.MALFORMED, expected="a signed JWT without unknown critical extensions")
        return payload

    def _current_keys(self, now: float) -> Mapping[str, jwt.PyJWK]:
        try:
            return self._cache.keys(now)
        except OperatorError:
            _refuse(Reason.KEYS_UNAVAILABLE, expected="the issuer's key set")

    def _check_issuer_and_audience(self, claims: Mapping[str, Any]) -> None:
        issuer = claims.get("iss")
        if issuer != self._issuer:
            _refuse(Reason.ISSUER, "iss", self._issuer, issuer)
        name = "aud" if "aud" in claims else "client_id"
        audience = claims.get(name)
        audiences = audience if isinstance(audience, list) and name == "aud" else [audience]
        if not all(isinstance(one, str) for one in audiences) or not self._audiences & set(
            audiences
        ):
            _refuse(Reason.AUDIENCE, name, " or ".join(sorted(self._audiences)), audience)


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
        _refuse(Reason.MALFORMED, expected="a signed JWT: header.payload.signature")
    return token


def _read_header(token: str) -> Mapping[str, Any]:
    try:
        return jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        _refuse(Reason.MALFORMED, expected="a signed JWT: header.payload.signature")


def _read_claims(payload: bytes) -> Mapping[str, Any]:
    try:
        claims = json.loads(
            payload.decode("utf-8"), parse_float=_finite, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        _refuse(Reason.MALFORMED, expected="claims: a JSON object")
    return claims


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):  # 1e400
        raise ValueError(text)
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity, which JSON lacks


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    times = {name: _time(claims, name) for name in ("exp", "nbf", "iat") if name in claims}
    if "exp" not in times:
        _refuse(Reason.MALFORMED, "exp", "a whole number of seconds", None)
    if times["exp"] <= now:
        _refuse(Reason.EXPIRED, "exp", f"after {int(now)}", times["exp"])
    for name in ("nbf", "iat"):
        if name in times and times[name] > now:
            _refuse(Reason.NOT_YET_VALID, name, f"at most {int(now)}", times[name])


def _time(claims: Mapping[str, Any], name: str) -> int:
    value = claims[name]
    if type(value) is not int or not 0 <= value < _EPOCH_MAX:  # bool is an int
        _refuse(Reason.MALFORMED, name, "a whole number of seconds", value)
    return value


def _handed_on(claims: Mapping[str, Any]) -> dict[str, str]:
    """Every claim as a string, as API Gateway's events have them; null claims are left out.

    Lists are ``[a b]``. What becomes of objects is not documented: here they are JSON.
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


def _refuse(
    reason: Reason, claim: str | None = None, expected: str | None = None, actual: Any = ...
) -> NoReturn:
    raise Refused(Refusal(reason, claim, expected, None if actual is ... else shown(actual)))
