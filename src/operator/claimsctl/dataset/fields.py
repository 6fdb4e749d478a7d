"""Fields of one row, text or JSON → a checked record."""

import json
from collections.abc import Mapping
from datetime import datetime

from claims_provider.claims.item import CLAIMS
from claims_provider.contract.answer import Claims, ClaimValue, claims_bytes
from claims_provider.contract.identifiers import canonical_address, canonical_guid
from claims_provider.contract.limits import CLAIMS_BYTES_MAX, EXPIRES_AT_MAX

from claimsctl.dataset.columns import (
    APP_ID,
    EXPIRES_AT,
    HIDDEN_CLAIMS,
    RESERVED,
    TENANT_ID,
    USER,
    check_claim_name,
    check_hidden_name,
)
from claimsctl.dataset.problem import FieldProblem, shown
from claimsctl.dataset.record import Record

LIST_SEPARATOR = "|"

_EXPIRES_AT_MIN = 1_000_000_000
"""Earliest believable ``expires_at`` (2001): a smaller number is a date such as 20301231."""

Fields = Mapping[str, object]


def read_cells(cells: Mapping[str, str]) -> Fields:
    """The fields that the cells of a table hold: lists are written ``a|b`` or as JSON arrays.

    Raises `FieldProblem`.
    """
    return {name: _cell(name, text) for name, text in cells.items()}


def read_record(fields: Fields, default_tenant: str | None) -> Record:
    """The record that `fields` hold: strings and lists of strings, taken as they are.

    An empty or null field counts as absent. Raises `FieldProblem`.
    """
    filled = {name: value for name, value in fields.items() if value is not None and value != ""}
    tenant = filled.get(TENANT_ID, default_tenant)
    if tenant is None:
        raise FieldProblem(TENANT_ID, "empty; expected the tenant's GUID, or give --tenant")
    user = filled.get(USER)
    app = filled.get(APP_ID)
    claims: Claims = {
        _text(name, check_claim_name(name)): _claim_value(name, value)
        for name, value in filled.items()
        if name not in RESERVED
    }
    record = Record(
        tenant_id=_guid(TENANT_ID, tenant),
        user=None if user is None else _user(user),
        app_id=None if app is None else _guid(APP_ID, app),
        expires_at=_expires_at(filled[EXPIRES_AT]) if EXPIRES_AT in filled else None,
        claims=claims,
        hidden=_hidden(filled.get(HIDDEN_CLAIMS, [])),
    )
    size = claims_bytes(claims)
    if size > CLAIMS_BYTES_MAX:
        largest = max(claims, key=lambda name: claims_bytes({name: claims[name]}))
        message = (
            f"the row's claims have {size} bytes; Entra takes at most {CLAIMS_BYTES_MAX} in one "
            f"answer, and this one is the largest"
        )
        raise FieldProblem(largest, message)
    return record


def _guid(field: str, value: object) -> str:
    try:
        return canonical_guid(_text(field, value))
    except ValueError as error:
        raise FieldProblem(field, f"{error}, found {shown(value)}") from None


def _user(value: object) -> str:
    text = _text(USER, value)
    try:
        return canonical_address(text) if "@" in text else canonical_guid(text)
    except ValueError as error:
        raise FieldProblem(USER, f"{error}, found {shown(text)}") from None


def _expires_at(value: object) -> int:
    expected = (
        "expected a date and time with its zone such as 2030-12-31T23:59:59Z, or epoch seconds, "
        "from 2001 to 5138; empty for never"
    )
    seconds = _epoch_seconds(value)
    if seconds is None or not _EXPIRES_AT_MIN <= seconds <= EXPIRES_AT_MAX:
        raise FieldProblem(EXPIRES_AT, f"{expected}; found {shown(value)}")
    return seconds


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


def _hidden(value: object) -> tuple[str, ...]:
    if isinstance(value, str) and LIST_SEPARATOR in value:
        message = f"expected a list of claim names, found {shown(value)}"
        raise FieldProblem(HIDDEN_CLAIMS, message)
    names = _claim_value(HIDDEN_CLAIMS, value)
    names = [names] if isinstance(names, str) else names
    if not all(name.strip() for name in names):
        raise FieldProblem(HIDDEN_CLAIMS, f"a claim needs a name, found {shown(names)}")
    return tuple(map(check_hidden_name, names))


def _claim_value(field: str, value: object) -> ClaimValue:
    if field == CLAIMS and isinstance(value, dict):
        message = "an object; claims are fields of the row itself, beside user"
        raise FieldProblem(field, message)
    if isinstance(value, list):
        return [_text(field, part) for part in value]
    return _text(field, value)


def _cell(field: str, text: str) -> object:
    if field in RESERVED and field != HIDDEN_CLAIMS:
        return text
    if not text.startswith("["):
        return _items(field, text) if LIST_SEPARATOR in text else text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        message = f'expected a JSON array of strings such as ["a","b"], found {shown(text)}'
        raise FieldProblem(field, message) from None


def _items(field: str, text: str) -> list[str]:
    """What ``a|b`` lists; what looks like a slip of the hand is refused, not guessed at."""
    items = text.split(LIST_SEPARATOR)
    for item in items:
        if not item.strip() or item != item.strip():
            found = "an empty item" if not item.strip() else f"blanks round the item {shown(item)}"
            message = f"{found} in the list {shown(text)}; if meant, write a JSON array"
            raise FieldProblem(field, message)
    return items


def _text(field: str, value: object) -> str:
    if not isinstance(value, str):
        message = f"expected a string or a list of strings, found {shown(value)}"
        raise FieldProblem(field, message)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise FieldProblem(field, "the text is no Unicode (a lone surrogate)") from None
    return value
