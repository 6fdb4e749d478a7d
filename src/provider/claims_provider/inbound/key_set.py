"""A key server's answer → the keys in it that can sign an access token."""

import json
from collections.abc import Mapping
from typing import Any, Final

from jwt import PyJWK, PyJWTError

from claims_provider.contract.issuers import issuers_of

KEYS_MAX: Final = 100
"""Entra's key sets have some ten; whoever sends more than this is no key server of Entra's."""

KEY_BITS_MIN: Final = 2048
KEY_BITS_MAX: Final = 8192
"""A longer key only costs time."""

_TENANT_PLACE = "{tenantid}"


class KeyServerError(Exception):
    """What came is no key set; the message says why, and quotes nothing of it."""


def read_key_set(body: bytes, tenant_id: str) -> Mapping[str, Any]:
    """The RSA public keys in `body` (RFC 7517) by key id, of those that sign for a tenant.

    A key that cannot be read, is for another purpose or says that it is for others (Entra's key
    sets may have ``issuer`` beside each key) is passed over. Raises `KeyServerError` when nothing
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
        if isinstance(entry, dict) and _can_sign_for(entry, tenant_id):
            key = _public_key(entry)
            if key is not None:
                keys.setdefault(entry["kid"], key)
    if not keys:
        message = f"none of {len(entries)} keys can sign for the tenant"
        raise KeyServerError(message)
    return keys


def _can_sign_for(entry: Mapping[str, Any], tenant_id: str) -> bool:
    return (
        entry.get("kty") == "RSA"
        and entry.get("use", "sig") == "sig"
        and _may_verify(entry.get("key_ops", ["verify"]))
        and entry.get("alg", "RS256") == "RS256"
        and isinstance(entry.get("kid"), str)
        and _is_of_tenant(entry.get("issuer"), tenant_id)
    )


def _may_verify(operations: object) -> bool:
    """Whether ``key_ops`` (RFC 7517, 4.3) allows what we do with a key."""
    return isinstance(operations, list) and "verify" in operations


def _is_of_tenant(issuer: object, tenant_id: str) -> bool:
    """Whether a key says that it signs for the tenant, by any of its issuers' names, or nothing.

    Which name the keys of an external tenant bear is not documented; where the set comes from is
    what makes them the issuer's.
    """
    if issuer is None:
        return True
    names = {known.url for known in issuers_of(tenant_id)}
    return isinstance(issuer, str) and issuer.replace(_TENANT_PLACE, tenant_id) in names


def _public_key(entry: Mapping[str, Any]) -> Any:
    public = {name: entry.get(name) for name in ("kty", "n", "e")}
    if not all(isinstance(value, str) and len(value) <= KEY_BITS_MAX for value in public.values()):
        return None
    try:
        key = PyJWK.from_dict(public, algorithm="RS256").key
    except (PyJWTError, ValueError, TypeError):
        return None
    return key if KEY_BITS_MIN <= key.key_size <= KEY_BITS_MAX else None
