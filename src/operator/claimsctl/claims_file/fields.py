"""A row's fields: their names, reserved and claims', and the values that each may hold.

What reads a value raises `FieldProblem`.
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
"""Columns that say whose claims a row holds. Every other column is a claim."""

REJECT_REASON = "reject_reason"
"""What a file of rejected rows has beside the row; passed over on reading."""
IGNORED = frozenset({REJECT_REASON})
NO_CLAIMS = IGNORED | frozenset(RESERVED)

# Were a near miss taken for a claim, the row would be wider or live longer than meant: `appid`
# would give an app's roles in every app, `expires` would give them for ever. The table is closed
# and short, since each name in it is one that no claim can have.
_NEAR_MISSES = {
    TENANT_ID: {"tenantid", "tenant"},
    USER: {"user", "users", "userid"},
    APP_ID: {"appid", "app", "application", "applicationid", "clientid"},
    EXPIRES_AT: {"expiresat", "expires", "expireson", "expireat", "expiry", "expiration"},
    HIDDEN_CLAIMS: {"hiddenclaims", "hiddenclaim", "hidden"},
}
"""How reserved names are misspelt: without case, blanks and separators."""

_SEPARATORS = re.compile(r"[\W_]+")

_known_guid = lru_cache(maxsize=4096)(canonical_guid)  # most rows name one of a few


def check_claim_name(name: str) -> str:
    """`name`, which can be a claim's. Raises `FieldProblem`."""
    if not name.strip():
        raise FieldProblem(name, "a claim needs a name")
    if (meant := meant_by(name)) is not None:
        raise FieldProblem(name, f"spelt {meant} where it is meant, else no name for a claim")
    if name != name.strip():
        raise FieldProblem(name, f"blanks round the name {shown(name)}; a claim has none")
    return name


def meant_by(name: str) -> str | None:
    """The reserved name that `name` is a near miss of."""
    bare = _SEPARATORS.sub("", name.casefold())
    return next((meant for meant, misses in _NEAR_MISSES.items() if bare in misses), None)


def check_hidden_name(name: str) -> str:
    """`name`, which can be that of a claim to hide. Raises `FieldProblem`.

    Claims' names have no blanks round them, so that a name with some would hide nothing.
    """
    if name != name.strip():
        raise FieldProblem(
            HIDDEN_CLAIMS, f"blanks round the name {shown(name)}, which no claim has"
        )
    return name


_EXPIRES_AT_MIN = 1_000_000_000
"""Earliest believable ``expires_at`` (2001): a smaller number is a date such as 20301231."""

_NEVER = "Leave the field empty if the row has no end (some systems write 1601 or 1970 for that)"

_SPREADSHEETS_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?(?:E[+-]?[0-9]+)?", re.IGNORECASE)


def read_guid(name: str, value: object) -> str:
    """A canonical GUID: of a tenant or of an app, by the field's `name`."""
    text = check_text(name, value)
    try:
        return _known_guid(text)
    except ValueError as error:
        raise FieldProblem(name, f"{error}, found {shown(text)}{_damage(text)}") from None


def read_user(name: str, value: object) -> str:
    """A user's canonical object id or address."""
    text = check_text(name, value)
    try:
        return canonical_address(text) if "@" in text else canonical_guid(text)
    except ValueError as error:
        raise FieldProblem(name, f"{error}, found {shown(text)}{_damage(text)}") from None


def read_expires_at(name: str, value: object) -> int:
    """Epoch seconds."""
    expected = (
        "expected a date and time with its zone such as 2030-12-31T23:59:59Z, or epoch seconds, "
        "from 2001 to 5138; empty for never"
    )
    seconds = _epoch_seconds(value)
    is_text = isinstance(value, str) and not value.isdigit()
    if seconds is not None and is_text and seconds < _EXPIRES_AT_MIN:
        message = f"{shown(value)} is a past date: the row would never count. {_NEVER}"
        raise FieldProblem(name, message)
    if seconds is None or not _EXPIRES_AT_MIN <= seconds <= EXPIRES_AT_MAX:
        raise FieldProblem(name, f"{expected}; found {shown(value)}")
    return seconds


def read_hidden_claims(value: object) -> tuple[str, ...]:
    """Names of claims."""
    names = read_claim(HIDDEN_CLAIMS, value)
    names = [names] if isinstance(names, str) else names
    if not all(name.strip() for name in names):
        raise FieldProblem(HIDDEN_CLAIMS, f"a claim needs a name, found {shown(names)}")
    return tuple(map(check_hidden_name, names))


def read_claim(name: str, value: object) -> ClaimValue:
    """A string or a list of strings, as it is."""
    if isinstance(value, str) and value.isascii():
        return value
    if name == CLAIMS and isinstance(value, dict):
        message = "an object; claims are fields of the row itself, beside user"
        raise FieldProblem(name, message)
    if isinstance(value, list):
        return [check_text(name, part) for part in value]
    return check_text(name, value)


def read_array(name: str, text: str) -> object:
    """The JSON array that a cell holds."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        message = f'expected a JSON array of strings such as ["a","b"], found {shown(text)}'
        raise FieldProblem(name, message) from None


def split_list(name: str, text: str, separator: str) -> list[str]:
    """What ``a|b`` lists; what looks like a typing error is refused, not guessed at."""
    items = text.split(separator)
    for item in items:
        if not item.strip() or item != item.strip():
            found = "an empty item" if not item.strip() else f"blanks round the item {shown(item)}"
            message = f"{found} in the list {shown(text)}; if meant, write a JSON array"
            raise FieldProblem(name, message)
    return items


def check_text(name: str, value: object) -> str:
    """`value`, a string that UTF-8 can carry."""
    if not isinstance(value, str):
        message = f"expected a string or a list of strings, found {shown(value)}"
        raise FieldProblem(name, message)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise FieldProblem(name, "the text is no Unicode (a lone surrogate)") from None
    return value


def _damage(text: str) -> str:
    if not _SPREADSHEETS_NUMBER.fullmatch(text):
        return ""
    return ", as a spreadsheet rewrites numbers; format the column as text and export again"


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
    """Epoch seconds as a file has them: ``2030-12-31T23:59:59Z``. Raises as ``datetime`` does."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}Z"
