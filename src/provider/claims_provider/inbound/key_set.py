"""A key server's answer → the keys in it that can sign an access token."""

import json
from collections.abc import Mapping
from typing import Any, Final

from jwt import PyJWK, PyJWTError

KEYS_MAX: Final = 100
"""Entra's key sets have some ten; whoever sends more than this is no key server of Entra's."""

KEY_BITS_MIN: Final = 2048
KEY_BITS_MAX: Final = 8192
"""A longer key only costs time."""

_TENANT_PLACE = "{tenantid}"


class KeyServerError(Exception):
    """What came is no key set; the message says why, and quotes nothing of it."""


def read_key_set(body: bytes, issuer: str) -> Mapping[str, Any]:
    """The RSA public keys in `body` (RFC 7517) by key id, of those that sign for `issuer`.

    A key that cannot be read, is for another purpose or says that it is another issuer's (Entra's
    key sets have ``issuer`` beside each key) is passed over. Raises `KeyServerError` when nothing
    is left.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        message = "the key set is not JSON"
        raise KeyServerError(message) from None
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list) or len(entries) > KEYS_MAX:
        message = f"the key set has no list of at most {KEYS_MAX} keys"
        raise KeyServerError(message)
    keys: dict[str, Any] = {}
    for entry in entries:
        if isinstance(entry, dict) and _can_sign_for(entry, issuer):
            key = _public_key(entry)
            if key is not None:
                keys.setdefault(entry["kid"], key)
    if not keys:
        message = f"none of {len(entries)} keys can sign for the issuer"
        raise KeyServerError(message)
    return keys


def _can_sign_for(entry: Mapping[str, Any], issuer: str) -> bool:
    own = entry.get("issuer", issuer)
    return (
        entry.get("kty") == "RSA"
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", "RS256") == "RS256"
        and isinstance(entry.get("kid"), str)
        and isinstance(own, str)
        and _is_issued_by(issuer, own)
    )


def _is_issued_by(issuer: str, own: str) -> bool:
    """Whether `issuer` is `own`, in which Entra writes ``{tenantid}`` for any tenant."""
    before, place, after = own.partition(_TENANT_PLACE)
    if not place:
        return issuer == own
    return (
        issuer.startswith(before) and issuer.endswith(after) and len(issuer) > len(before + after)
    )


def _public_key(entry: Mapping[str, Any]) -> Any:
    public = {name: entry.get(name) for name in ("kty", "n", "e")}
    if not all(isinstance(value, str) and len(value) <= KEY_BITS_MAX for value in public.values()):
        return None
    try:
        key = PyJWK.from_dict(public, algorithm="RS256").key
    except (PyJWTError, ValueError, TypeError):
        return None
    return key if KEY_BITS_MIN <= key.key_size <= KEY_BITS_MAX else None
