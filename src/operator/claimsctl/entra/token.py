"""Claims and a key → the token that Entra would send."""

import json
from collections.abc import Mapping
from typing import Any

import jwt

from claimsctl.entra.signing_key import ALGORITHM, SigningKey, base64url

Header = Mapping[str, Any]
Claims = Mapping[str, Any]


def mint(claims: Claims, key: SigningKey) -> str:
    """A token that says `claims`, signed with `key` and naming it."""
    return sign(header_of(key), claims, key)


def header_of(key: SigningKey) -> dict[str, str]:
    """The header of Entra's tokens."""
    return {"typ": "JWT", "alg": ALGORITHM, "kid": key.kid}


def sign(header: Header, claims: Claims, key: SigningKey) -> str:
    """A token signed with `key` by RS256, whatever `header` says of it."""
    signing_input = unsigned(header, claims)
    signature = jwt.get_algorithm_by_name(ALGORITHM).sign(
        signing_input.encode("ascii"), key.private
    )
    return f"{signing_input}.{base64url(signature)}"


def said_by(token: str) -> Claims | None:
    """What a token says, unverified; ``None`` when it is none that can be read."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    return claims


def unsigned(header: Header, claims: Claims) -> str:
    """The first two of a token's three parts: what a signature is made of."""
    return ".".join(
        base64url(json.dumps(dict(part), separators=(",", ":")).encode("ascii"))
        for part in (header, claims)
    )
