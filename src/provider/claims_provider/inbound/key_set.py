"""Read the keys that can sign an access token from a key server's answer."""

import json
from collections.abc import Mapping
from typing import Any, Final

from jwt import PyJWK, PyJWTError

from claims_provider.contract.issuers import issuers_of

KEYS_MAX: Final = 100
"""The most keys in a key set; Entra's have about ten."""

KEY_BITS_MIN: Final = 2048
KEY_BITS_MAX: Final = 8192
"""A longer key only costs time."""

_TENANT_PLACE = "{tenantid}"


class KeyServerError(Exception):
    """The answer is not a key set; the message gives the reason without quoting the answer."""


def read_key_set(body: bytes, tenant_id: str) -> Mapping[str, Any]:
    """Return the RSA public keys in `body` (RFC 7517) that sign for a tenant, by key id.

    A key is skipped if it cannot be read, is for another purpose, or names another issuer (Entra's
    key sets may have an ``issuer`` for each key). Raises `KeyServerError` if no key remains.
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
        message = f"no key can sign for the tenant, of {len(entries)} in the key set"
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
    """Return whether ``key_ops`` (RFC 7517, 4.3) allows verifying signatures."""
    return isinstance(operations, list) and "verify" in operations


def _is_of_tenant(issuer: object, tenant_id: str) -> bool:
    """Return whether a key names no issuer, or one of the tenant's issuers.

    Which issuer the keys of an external tenant name is not documented; the key set's URL shows
    that they belong to the issuer.
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
