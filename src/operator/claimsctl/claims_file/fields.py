"""The fields of a row: reserved names, claim names, and the values that each may have.

The functions that read a value raise `FieldProblem`.
"""

import json
import re
from datetime import UTC, datetime
from functools import lru_cache

from claims_provider.claims.item import CLAIMS
from claims_provider.contract.answer import ClaimValue
from claims_provider.contract.identifiers import canonical_address, canonical_guid
from claims_provider.contract.limits import EXPIRES_AT_MAX

from claimsctl.claims_file.problem import FieldProblem, shown

TENANT_ID = "tenant_id"
USER = "user"
APP_ID = "app_id"
EXPIRES_AT = "expires_at"
HIDDEN_CLAIMS = "hidden_claims"
RESERVED = (TENANT_ID, USER, APP_ID, EXPIRES_AT, HIDDEN_CLAIMS)
"""The columns that say which user, tenant and app a row is for, and until when. Every other column
is a claim."""

REJECT_REASON = "reject_reason"
"""The column that a rejects file adds to each row; ignored when reading."""
IGNORED = frozenset({REJECT_REASON})
NO_CLAIMS = IGNORED | frozenset(RESERVED)

# If a misspelled reserved name were read as a claim, the row would apply to more apps, or longer,
# than intended: with `appid`, an app's roles would apply to every app; with `expires`, they would
# never expire. The list is short and closed, because no claim can have one of these names.
_NEAR_MISSES = {
    TENANT_ID: {"tenantid", "tenant"},
    USER: {"user", "users", "userid"},
    APP_ID: {"appid", "app", "application", "applicationid", "clientid"},
    EXPIRES_AT: {"expiresat", "expires", "expireson", "expireat", "expiry", "expiration"},
    HIDDEN_CLAIMS: {"hiddenclaims", "hiddenclaim", "hidden"},
}
"""Common misspellings of reserved names, in lower case, without blanks and separators."""

_SEPARATORS = re.compile(r"[\W_]+")

_known_guid = lru_cache(maxsize=4096)(canonical_guid)  # few different tenants and apps are usual


def check_claim_name(name: str) -> str:
    """Return `name` if it can be the name of a claim. Raises `FieldProblem`."""
    if not name.strip():
        raise FieldProblem(name, "the name of a claim must not be empty")
    if (meant := meant_by(name)) is not None:
        raise FieldProblem(
            name,
            f"not allowed as the name of a claim; the reserved field is spelled {meant}",
        )
    if name != name.strip():
        message = f"the name {shown(name)} has leading or trailing blanks; remove them"
        raise FieldProblem(name, message)
    return name


def meant_by(name: str) -> str | None:
    """Return the reserved name of which `name` is a misspelling, if any."""
    bare = _SEPARATORS.sub("", name.casefold())
    return next((meant for meant, misses in _NEAR_MISSES.items() if bare in misses), None)


def check_hidden_name(name: str) -> str:
    """Return `name` if it can be the name of a claim to hide. Raises `FieldProblem`.

    A name with leading or trailing blanks would hide nothing, since no claim has such a name.
    """
    if name != name.strip():
        message = f"the name {shown(name)} has leading or trailing blanks; remove them"
        raise FieldProblem(HIDDEN_CLAIMS, message)
    return name


_EXPIRES_AT_MIN = 1_000_000_000
"""The smallest plausible ``expires_at`` (2001); a smaller number is a date such as 20301231."""

_NEVER = "If the row never expires, leave the field empty (some systems write 1601 or 1970)"

_SPREADSHEETS_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?(?:E[+-]?[0-9]+)?", re.IGNORECASE)


def read_guid(name: str, value: object) -> str:
    """Return the canonical GUID of a tenant or app; `name` is the field's name for errors."""
    text = check_text(name, value)
    try:
        return _known_guid(text)
    except ValueError as error:
        raise FieldProblem(name, f"{error}; found {shown(text)}{_damage(text)}") from None


def read_user(name: str, value: object) -> str:
    """Return a user's canonical object id or address."""
    text = check_text(name, value)
    try:
        return canonical_address(text) if "@" in text else canonical_guid(text)
    except ValueError as error:
        choice = "" if "@" in text else ", or an address with @"
        raise FieldProblem(name, f"{error}{choice}; found {shown(text)}{_damage(text)}") from None


def read_expires_at(name: str, value: object) -> int:
    """Return epoch seconds."""
    expected = (
        "expected a date and time with a time zone, such as 2030-12-31T23:59:59Z, or epoch "
        "seconds, from the year 2001 to 5138; or empty for no expiry"
    )
    seconds = _epoch_seconds(value)
    is_text = isinstance(value, str) and not value.isdigit()
    if seconds is not None and is_text and seconds < _EXPIRES_AT_MIN:
        message = f"{shown(value)} is in the past: the row would never apply. {_NEVER}"
        raise FieldProblem(name, message)
    if seconds is None or not _EXPIRES_AT_MIN <= seconds <= EXPIRES_AT_MAX:
        raise FieldProblem(name, f"{expected}; found {shown(value)}")
    return seconds


def read_hidden_claims(value: object) -> tuple[str, ...]:
    """Return the names of claims to hide."""
    names = read_claim(HIDDEN_CLAIMS, value)
    names = [names] if isinstance(names, str) else names
    if not all(name.strip() for name in names):
        message = f"the name of a claim must not be empty; found {shown(names)}"
        raise FieldProblem(HIDDEN_CLAIMS, message)
    return tuple(map(check_hidden_name, names))


def read_claim(name: str, value: object) -> ClaimValue:
    """Return a string or a list of strings unchanged."""
    if isinstance(value, str) and value.isascii():
        return value
    if name == CLAIMS and isinstance(value, dict):
        message = "expected claims as fields of the row itself, next to user; found an object"
        raise FieldProblem(name, message)
    if isinstance(value, list):
        return [check_text(name, part) for part in value]
    return check_text(name, value)


def read_array(name: str, text: str) -> object:
    """Return the JSON array in a cell."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        message = f'expected a JSON array of strings such as ["a","b"]; found {shown(text)}'
        raise FieldProblem(name, message) from None


def split_list(name: str, text: str, separator: str) -> list[str]:
    """Split a list such as ``a|b``; likely typing errors are reported rather than guessed at."""
    items = text.split(separator)
    for item in items:
        if not item.strip() or item != item.strip():
            found = f"blanks around the value {shown(item)}" if item.strip() else "an empty value"
            message = f"{found} in the list {shown(text)}; if intended, write a JSON array instead"
            raise FieldProblem(name, message)
    return items


def check_text(name: str, value: object) -> str:
    """Return `value` if it is a string that UTF-8 can encode."""
    if not isinstance(value, str):
        message = f"expected a string or a list of strings; found {shown(value)}"
        raise FieldProblem(name, message)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        message = "the text is not valid Unicode: it contains a lone surrogate"
        raise FieldProblem(name, message) from None
    return value


def _damage(text: str) -> str:
    if not _SPREADSHEETS_NUMBER.fullmatch(text):
        return ""
    return (
        ", which looks like a number rewritten by a spreadsheet; format the column as text and"
        " export again"
    )


def _epoch_seconds(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    try:
        if value.isascii() and value.isdigit():
            return int(value)
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if moment.tzinfo is None else int(moment.timestamp())


def iso(seconds: int) -> str:
    """Return epoch seconds as in a file: ``2030-12-31T23:59:59Z``. Raises as ``datetime`` does."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}Z"
