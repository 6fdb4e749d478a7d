"""Tokens that an endpoint must refuse, each made from a valid token with one fault."""

import hmac
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from claimsctl.entra.token_claims import CLIENT_APP_ID
from claimsctl.entra.tokens import Claims, SigningKey, base64url, header_of, mint, sign, unsigned

Make = Callable[[Claims, SigningKey], str]
"""Makes an invalid token from a valid token's claims and the issuer's key."""

OTHER_GUID: Final = "99999999-9999-9999-9999-999999999999"
"""An id that nothing uses."""

_TWO_HOURS_SECONDS: Final = 7200


class RefusedBy(StrEnum):
    """The part that refuses a token: the gateway's authorizer, or the function."""

    GATEWAY = "gateway"
    FUNCTION = "function"


class InvalidToken(StrEnum):
    """The names. They are never renamed, because scripts and logs rely on them."""

    ALG_NONE = "alg-none"
    HS256 = "hs256"
    KID = "kid"
    SIGNATURE = "signature"
    ISS = "iss"
    AUD = "aud"
    EXPIRED = "expired"
    AZP = "azp"
    TID = "tid"


@dataclass(frozen=True, slots=True)
class Recipe:
    """An invalid token: its fault, the rule that it breaks, who refuses it, and how it is made."""

    about: str
    teaches: str
    refused_by: RefusedBy
    reason: str
    """``cause.reason`` in the log line of the refusal."""
    make: Make

    @property
    def sentences(self) -> str:
        """The fault and the rule as text."""
        return f"{self.about}. {self.teaches[0].upper()}{self.teaches[1:]}."


def with_claims(change: Callable[[Claims], Mapping[str, Any]]) -> Make:
    """Return the valid token with some claims changed; ``None`` omits a claim."""

    def make(claims: Claims, key: SigningKey) -> str:
        changed = {**claims, **change(claims)}
        return mint({name: value for name, value in changed.items() if value is not None}, key)

    return make


def with_header(**change: str | list[str] | None) -> Make:
    """Return the valid token with header members changed; ``None`` omits a member."""

    def make(claims: Claims, key: SigningKey) -> str:
        header = {**header_of(key), **change}
        return sign({k: v for k, v in header.items() if v is not None}, claims, key)

    return make


def caller_claim(claims: Claims) -> str:
    """Return the name of the claim that identifies the calling app."""
    return "azp" if "azp" in claims else "appid"


def _without_signature(claims: Claims, key: SigningKey) -> str:
    return unsigned({**header_of(key), "alg": "none"}, claims) + "."


def _hmac_with_public_key(claims: Claims, key: SigningKey) -> str:
    """Accepted by libraries that take the algorithm from the token and use the key as a secret."""
    signing_input = unsigned({**header_of(key), "alg": "HS256"}, claims)
    mac = hmac.digest(key.public_pem(), signing_input.encode("ascii"), "sha256")
    return f"{signing_input}.{base64url(mac)}"


def _with_flipped_bit(claims: Claims, key: SigningKey) -> str:
    signing_input, _, signature = mint(claims, key).rpartition(".")
    raw = bytearray(urlsafe_b64decode(f"{signature}=="))
    raw[0] ^= 1
    return f"{signing_input}.{base64url(bytes(raw))}"


def _issued_earlier(claims: Claims) -> dict[str, int]:
    return {name: claims[name] - _TWO_HOURS_SECONDS for name in ("iat", "nbf", "exp")}


_GATEWAY, _FUNCTION = RefusedBy

INVALID_TOKENS: Final[Mapping[InvalidToken, Recipe]] = {
    InvalidToken.ALG_NONE: Recipe(
        "`alg` is none, without a signature",
        "a token must not choose how it is verified",
        _GATEWAY,
        "algorithm",
        _without_signature,
    ),
    InvalidToken.HS256: Recipe(
        "signed by HMAC with the public key as the secret",
        "the key determines the algorithm, not the token",
        _GATEWAY,
        "algorithm",
        _hmac_with_public_key,
    ),
    InvalidToken.KID: Recipe(
        "signed with a key that the issuer does not publish",
        "only the issuer's published keys are valid",
        _GATEWAY,
        "unknown-key",
        with_header(kid="unknown"),
    ),
    InvalidToken.SIGNATURE: Recipe(
        "one bit of the signature is changed",
        "claims cannot be trusted before the signature is verified",
        _GATEWAY,
        "signature",
        _with_flipped_bit,
    ),
    InvalidToken.ISS: Recipe(
        "another tenant's issuer",
        "a valid signature does not show which tenant issued the token: compare `iss`",
        _GATEWAY,
        "issuer",
        with_claims(lambda good: {"iss": good["iss"].replace(good["tid"], OTHER_GUID)}),
    ),
    InvalidToken.AUD: Recipe(
        "for another API",
        "a token for another API must not work here: compare `aud`",
        _GATEWAY,
        "audience",
        with_claims(lambda _: {"aud": OTHER_GUID}),
    ),
    InvalidToken.EXPIRED: Recipe(
        "expired an hour ago",
        "a leaked token must stop working: check `exp`",
        _GATEWAY,
        "expired",
        with_claims(_issued_earlier),
    ),
    InvalidToken.AZP: Recipe(
        "another app of the tenant (`azp`, `appid` in v1)",
        "any app of the tenant can get a token, but only Entra may call: compare `azp`",
        _FUNCTION,
        "caller",
        with_claims(lambda good: {caller_claim(good): CLIENT_APP_ID}),
    ),
    InvalidToken.TID: Recipe(
        "another tenant's `tid`",
        "the gateway does not compare `tid`, so the function must",
        _FUNCTION,
        "tenant",
        with_claims(lambda _: {"tid": OTHER_GUID}),
    ),
}
"""Every invalid token, in the order of the authorizer's steps."""


def make_invalid_token(name: InvalidToken, claims: Claims, key: SigningKey) -> str:
    """Return the invalid token `name`, made from valid `claims` and the issuer's `key`."""
    return INVALID_TOKENS[name].make(claims, key)
