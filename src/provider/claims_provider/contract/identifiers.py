"""The canonical spelling of everything in a key, for both the loader and the function."""

import re
from typing import Final

from claims_provider.contract.limits import ADDRESS_BYTES_MAX

AUTHENTICATION_EVENTS_APP_ID: Final = "99045fe1-7639-4a75-9d4a-577b6ca3810f"
"""Microsoft's authentication events service, the only caller of a callout (``azp``/``appid``)."""

_GUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ASCII_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def canonical_guid(text: str) -> str:
    """Return the GUID in lower case.

    Raises ``ValueError`` unless `text` is 8-4-4-4-12 hexadecimal digits: no braces, no spaces.
    """
    guid = text.translate(_ASCII_LOWER)
    if not _GUID.fullmatch(guid):
        message = "expected a GUID such as 00000000-0000-0000-0000-000000000000"
        raise ValueError(message)
    return guid


def guid_or_none(value: object) -> str | None:
    """Return the GUID in lower case, or ``None`` for any value that is not a GUID."""
    try:
        return canonical_guid(value) if isinstance(value, str) else None
    except ValueError:
        return None


def canonical_address(text: str) -> str:
    """Return a mail address or user principal name with ASCII letters in lower case.

    Only ASCII is folded: Unicode folding makes one key of two addresses (the Kelvin sign folds to
    ``k``), and the second one's owner would get the first one's claims. An address needs exactly
    one
    ``@`` with something on both sides, so it can never be mistaken for an object id.

    Raises ``ValueError`` for anything else, white space and control characters included, and for
    more than 320 bytes.
    """
    local, at, domain = text.partition("@")
    if not (local and at and domain) or "@" in domain:
        message = "expected an address with exactly one @ and something on both sides of it"
        raise ValueError(message)
    if not text.isprintable() or any(character.isspace() for character in text):
        message = "expected an address without spaces or control characters"
        raise ValueError(message)
    if len(text.encode("utf-8")) > ADDRESS_BYTES_MAX:
        message = f"expected an address of at most {ADDRESS_BYTES_MAX} bytes"
        raise ValueError(message)
    return text.translate(_ASCII_LOWER)
