"""How wrong tokens are made: good claims and the issuer's key → a forged token."""

import hmac
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from claimsctl.entra.token_claims import CLIENT_APP_ID
from claimsctl.entra.tokens import Claims, SigningKey, base64url, header_of, mint, sign, unsigned

Forge = Callable[[Claims, SigningKey], str]
OTHER_GUID = "99999999-9999-9999-9999-999999999999"
"""An id that is nobody's."""
_HOUR_SECONDS = 3600


def changed(change: Callable[[Claims], Mapping[str, Any]]) -> Forge:
    """The good token but for some claims; ``None`` takes a claim away."""

    def forge(claims: Claims, key: SigningKey) -> str:
        changed = {**claims, **change(claims)}
        return mint({name: value for name, value in changed.items() if value is not None}, key)

    return forge


def with_header(**change: str | list[str] | None) -> Forge:
    """The good token but for members of its header; ``None`` takes one away."""

    def forge(claims: Claims, key: SigningKey) -> str:
        header = {**header_of(key), **change}
        return sign({k: v for k, v in header.items() if v is not None}, claims, key)

    return forge


def without_signature(claims: Claims, key: SigningKey) -> str:
    """``alg`` none: the oldest trick, from a time when libraries believed the header."""
    return unsigned({**header_of(key), "alg": "none"}, claims) + "."


def hmac_with_public_key(claims: Claims, key: SigningKey) -> str:
    """HS256 with the public key for a secret: passes where a library takes `alg` from the token."""
    signing_input = unsigned({**header_of(key), "alg": "HS256"}, claims)
    mac = hmac.digest(key.public_pem(), signing_input.encode("ascii"), "sha256")
    return f"{signing_input}.{base64url(mac)}"


def flipped_bit(claims: Claims, key: SigningKey) -> str:
    """The good token with one bit of its signature flipped."""
    signing_input, _, signature = mint(claims, key).rpartition(".")
    raw = bytearray(urlsafe_b64decode(f"{signature}=="))
    raw[0] ^= 1
    return f"{signing_input}.{base64url(bytes(raw))}"


def swapped_payload(claims: Claims, key: SigningKey) -> str:
    """The good token with a claim changed under its signature."""
    signature = mint(claims, key).rpartition(".")[2]
    return f"{unsigned(header_of(key), {**claims, 'oid': OTHER_GUID})}.{signature}"


def signed_by_another(claims: Claims, key: SigningKey) -> str:
    """Another key's signature under the issuer's key id."""
    return sign(header_of(key), claims, SigningKey.generate())


def with_own_key(claims: Claims, key: SigningKey) -> str:
    """The signing key travels along in the header."""
    other = SigningKey.generate()
    return sign({**header_of(key), "jwk": {**other.jwk(), "kid": key.kid}}, claims, other)


def with_own_key_set(claims: Claims, key: SigningKey) -> str:
    """The header says where the signing key is published."""
    header = {**header_of(key), "jku": "https://keys.example.com/keys"}
    return sign(header, claims, SigningKey.generate())


def truncated(claims: Claims, key: SigningKey) -> str:
    """The good token without its signature part."""
    return mint(claims, key).rpartition(".")[0]


def id_token(claims: Claims, key: SigningKey) -> str:
    """An ID token of the endpoint's own app registration: right issuer, key and audience."""
    kept = {name: claims[name] for name in ("iss", "iat", "nbf", "exp", "tid", "ver", "aud")}
    return mint({**kept, "sub": base64url(b"pairwise subject"), "nonce": CLIENT_APP_ID}, key)


def caller_claim(claims: Claims) -> str:
    """The claim that names the calling app."""
    return "azp" if "azp" in claims else "appid"


def later(claims: Claims, *names: str, hours: int) -> dict[str, int]:
    """The named times moved by `hours`."""
    return {name: claims[name] + hours * _HOUR_SECONDS for name in names}


class Wall(StrEnum):
    """Who refuses a token."""

    GATEWAY = "gateway"
    FUNCTION = "function"


class WrongToken(StrEnum):
    """The names. Never renamed: scripts and logs lean on them."""

    MALFORMED = "malformed"
    ALG_NONE = "alg-none"
    HS256 = "hs256"
    UNKNOWN_ALG = "unknown-alg"
    KID = "kid"
    NO_KID = "no-kid"
    SIGNATURE = "signature"
    PAYLOAD = "payload"
    OTHER_KEY = "other-key"
    JWK_HEADER = "jwk-header"
    JKU_HEADER = "jku-header"
    CRIT = "crit"
    ISS = "iss"
    AUD = "aud"
    EXPIRED = "expired"
    NO_EXP = "no-exp"
    EXP_TEXT = "exp-text"
    NOT_YET_VALID = "not-yet-valid"
    ISSUED_LATER = "issued-later"
    NO_AUD = "no-aud"
    AUD_LIST = "aud-list"
    AZP = "azp"
    NO_AZP = "no-azp"
    VERSION = "version"
    NO_VERSION = "no-version"
    TID = "tid"
    NO_TID = "no-tid"
    ID_TOKEN = "id-token"  # noqa: S105  # a name


@dataclass(frozen=True, slots=True)
class Forgery:
    """How a wrong token is made, and what becomes of it."""

    about: str
    refused_by: Wall
    reason: str
    """``cause.reason`` of the line in the log."""
    forge: Forge


_GATEWAY, _FUNCTION = Wall.GATEWAY, Wall.FUNCTION

FORGERIES: Mapping[WrongToken, Forgery] = {
    WrongToken.MALFORMED: Forgery("two parts instead of three", _GATEWAY, "malformed", truncated),
    WrongToken.ALG_NONE: Forgery(
        "`alg` none, no signature", _GATEWAY, "algorithm", without_signature
    ),
    WrongToken.HS256: Forgery(
        "HMAC with the public key for a secret", _GATEWAY, "algorithm", hmac_with_public_key
    ),
    WrongToken.UNKNOWN_ALG: Forgery(
        "an `alg` that nobody knows", _GATEWAY, "algorithm", with_header(alg="RS257")
    ),
    WrongToken.KID: Forgery(
        "a key that the issuer does not publish",
        _GATEWAY,
        "unknown-key",
        with_header(kid="unknown"),
    ),
    WrongToken.NO_KID: Forgery("names no key", _GATEWAY, "unknown-key", with_header(kid=None)),
    WrongToken.SIGNATURE: Forgery("the signature changed", _GATEWAY, "signature", flipped_bit),
    WrongToken.PAYLOAD: Forgery("the claims changed", _GATEWAY, "signature", swapped_payload),
    WrongToken.OTHER_KEY: Forgery(
        "another key under the right `kid`", _GATEWAY, "signature", signed_by_another
    ),
    WrongToken.JWK_HEADER: Forgery(
        "brings its own key, in `jwk`", _GATEWAY, "signature", with_own_key
    ),
    WrongToken.JKU_HEADER: Forgery(
        "says where its own key is, in `jku`", _GATEWAY, "signature", with_own_key_set
    ),
    WrongToken.CRIT: Forgery(
        "a critical extension that nobody knows", _GATEWAY, "malformed", with_header(crit=["x"])
    ),
    WrongToken.ISS: Forgery(
        "another tenant's issuer",
        _GATEWAY,
        "issuer",
        changed(lambda good: {"iss": good["iss"].replace(good["tid"], OTHER_GUID)}),
    ),
    WrongToken.AUD: Forgery(
        "for another API", _GATEWAY, "audience", changed(lambda _: {"aud": OTHER_GUID})
    ),
    WrongToken.EXPIRED: Forgery(
        "expired an hour ago",
        _GATEWAY,
        "expired",
        changed(lambda good: later(good, "iat", "nbf", "exp", hours=-2)),
    ),
    WrongToken.NO_EXP: Forgery(
        "never expires", _GATEWAY, "malformed", changed(lambda _: {"exp": None})
    ),
    WrongToken.EXP_TEXT: Forgery(
        "`exp` is a string",
        _GATEWAY,
        "malformed",
        changed(lambda good: {"exp": str(good["exp"])}),
    ),
    WrongToken.NOT_YET_VALID: Forgery(
        "valid two hours from now",
        _GATEWAY,
        "not-yet-valid",
        changed(lambda good: later(good, "nbf", "exp", hours=2)),
    ),
    WrongToken.ISSUED_LATER: Forgery(
        "issued two hours from now",
        _GATEWAY,
        "not-yet-valid",
        changed(lambda good: later(good, "iat", "exp", hours=2)),
    ),
    WrongToken.NO_AUD: Forgery(
        "no `aud`, but `client_id`",
        _FUNCTION,
        "audience",
        changed(lambda good: {"aud": None, "client_id": good["aud"]}),
    ),
    WrongToken.AUD_LIST: Forgery(
        "a list of audiences, ours among them",
        _FUNCTION,
        "audience",
        changed(lambda good: {"aud": [OTHER_GUID, good["aud"]]}),
    ),
    WrongToken.AZP: Forgery(
        "another app of the tenant (`azp`, `appid` in v1)",
        _FUNCTION,
        "caller",
        changed(lambda good: {caller_claim(good): CLIENT_APP_ID}),
    ),
    WrongToken.NO_AZP: Forgery(
        "names no calling app",
        _FUNCTION,
        "caller",
        changed(lambda good: {caller_claim(good): None}),
    ),
    WrongToken.VERSION: Forgery(
        "`ver` 3.0", _FUNCTION, "version", changed(lambda _: {"ver": "3.0"})
    ),
    WrongToken.NO_VERSION: Forgery(
        "no `ver`", _FUNCTION, "version", changed(lambda _: {"ver": None})
    ),
    WrongToken.TID: Forgery(
        "another tenant's `tid`", _FUNCTION, "tenant", changed(lambda _: {"tid": OTHER_GUID})
    ),
    WrongToken.NO_TID: Forgery("no `tid`", _FUNCTION, "tenant", changed(lambda _: {"tid": None})),
    WrongToken.ID_TOKEN: Forgery(
        "an ID token: of a user, not of an app", _FUNCTION, "caller", id_token
    ),
}
"""Every wrong token, in the order of the authorizer's steps."""


def forge(name: WrongToken, claims: Claims, key: SigningKey) -> str:
    """The wrong token `name`, made of the good token's `claims` and the issuer's `key`."""
    return FORGERIES[name].forge(claims, key)
