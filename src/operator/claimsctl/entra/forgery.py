"""How wrong tokens are made: good claims and the issuer's key → a forged token."""

import hmac
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from typing import Any

from claimsctl.entra.scenarios import CLIENT_APP_ID
from claimsctl.entra.signing_key import SigningKey, base64url
from claimsctl.entra.token import Claims, header_of, mint, sign, unsigned

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
