"""Fields of one row, text or JSON → a checked record."""

import json
from collections.abc import Mapping
from datetime import datetime

from claims_provider.contract.answer import Claims, ClaimValue, claims_bytes
from claims_provider.contract.identifiers import canonical_address, canonical_guid
from claims_provider.contract.limits import CLAIMS_BYTES_MAX, EXPIRES_AT_MAX

from claimsctl.dataset.record import Record

TENANT_ID = "tenant_id"
USER = "user"
APP_ID = "app_id"
EXPIRES_AT = "expires_at"
HIDDEN_CLAIMS = "hidden_claims"
RESERVED = (TENANT_ID, USER, APP_ID, EXPIRES_AT, HIDDEN_CLAIMS)
"""Columns that say whose claims a row holds. Every other column is a claim."""

LIST_SEPARATOR = "|"

Fields = Mapping[str, object]


class FieldProblem(Exception):  # noqa: N818  # a finding about a cell, collected, not an error of ours
    """What is wrong with one field: its name, what was found, what is expected."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def read_record(fields: Fields, default_tenant: str | None) -> Record:
    """The record that `fields` hold; an empty or null field counts as absent.

    Raises `FieldProblem`.
    """
    filled = {name: value for name, value in fields.items() if value is not None and value != ""}
    tenant = filled.get(TENANT_ID, default_tenant)
    if tenant is None:
        raise FieldProblem(TENANT_ID, "empty; expected the tenant's GUID, or give --tenant")
    user = filled.get(USER)
    app = filled.get(APP_ID)
    claims: Claims = {
        name: _claim_value(name, value) for name, value in filled.items() if name not in RESERVED
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
        raise FieldProblem(field, f"{error}, found {value!r}") from None


def _user(value: object) -> str:
    text = _text(USER, value)
    try:
        return canonical_address(text) if "@" in text else canonical_guid(text)
    except ValueError as error:
        raise FieldProblem(USER, f"{error}, found {text!r}") from None


def _expires_at(value: object) -> int:
    expected = (
        "expected a date and time with its zone such as 2030-12-31T23:59:59Z, or epoch seconds"
    )
    if isinstance(value, str) and not value.isdigit():
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise FieldProblem(EXPIRES_AT, f"{expected}, found {value!r}") from None
        if moment.tzinfo is None:
            raise FieldProblem(EXPIRES_AT, f"{expected}; {value!r} names no zone (add Z for UTC)")
        return int(moment.timestamp())
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise FieldProblem(EXPIRES_AT, f"{expected}, found {value!r}")
    seconds = int(value)
    if not 0 < seconds <= EXPIRES_AT_MAX:
        raise FieldProblem(EXPIRES_AT, f"{expected}; {seconds} looks like milliseconds")
    return seconds


def _hidden(value: object) -> tuple[str, ...]:
    names = _claim_value(HIDDEN_CLAIMS, value)
    return (names,) if isinstance(names, str) else tuple(names)


def _claim_value(field: str, value: object) -> ClaimValue:
    if not field.strip():
        raise FieldProblem(field, "a claim needs a name: the column has no heading")
    if isinstance(value, list):
        return [_text(field, part) for part in value]
    text = _text(field, value)
    if text.startswith("["):
        try:
            parts = json.loads(text)
        except ValueError:
            raise FieldProblem(
                field, f'expected a JSON array of strings such as ["a","b"], found {text!r}'
            ) from None
        return [_text(field, part) for part in parts]
    return text.split(LIST_SEPARATOR) if LIST_SEPARATOR in text else text


def _text(field: str, value: object) -> str:
    if not isinstance(value, str):
        kind = type(value).__name__
        message = f"expected a string or a list of strings, found {kind} {json.dumps(value)}"
        raise FieldProblem(field, message)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise FieldProblem(field, "the text is no Unicode (a lone surrogate)") from None
    return value
