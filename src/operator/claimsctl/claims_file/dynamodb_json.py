"""Conversion of DynamoDB JSON to the fields of a row, for claims tables and other tables."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from claims_provider.claims.item import (
    CLAIMS,
    EXPIRES_AT,
    HIDDEN_CLAIMS,
    PARTITION_KEY,
    SORT_KEY,
    Item,
)
from claims_provider.claims.key import EVERY_APP, LayerKey
from claims_provider.contract.answer import ClaimValue

from claimsctl.claims_file.fields import (
    APP_ID,
    NO_CLAIMS,
    REJECT_REASON,
    TENANT_ID,
    USER,
)
from claimsctl.claims_file.problem import WHOLE_ROW, FieldProblem

_SETS = frozenset({"SS", "NS", "BS"})
_TYPES = {
    "S": "string", "N": "number", "B": "binary", "BOOL": "boolean", "NULL": "null", "L": "list",
    "M": "map", "SS": "string set", "NS": "number set", "BS": "binary set",
}  # fmt: skip
_WRAPPERS = ("Item", "PutRequest", "Put")
"""The wrappers of an item in an export to S3 and in write requests."""


def is_item(row: Mapping[str, Any]) -> bool:
    """Return whether `row` is an item in DynamoDB JSON, alone or in a request or export line."""
    names = set(row) - {REJECT_REASON}
    if len(names) == 1 and names & {*_WRAPPERS, "DeleteRequest"}:
        return isinstance(row[names.pop()], dict)
    return bool(names) and all(
        isinstance(row[name], dict) and len(row[name]) == 1 and not set(row[name]) - set(_TYPES)
        for name in names
    )


def fields_of_row(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of a `row` that `is_item`, from a claims table or any other table.

    Raises `FieldProblem`.
    """
    item = {name: value for name, value in row.items() if name != REJECT_REASON}
    while len(item) == 1 and (wrapper := next(iter(item))) in _WRAPPERS:
        inner = item[wrapper]
        if not isinstance(inner, dict) or not is_item(inner):
            break
        item = inner
    if "DeleteRequest" in item:
        message = "a delete request cannot be loaded; to delete items, use claimsctl claims delete"
        raise FieldProblem(WHOLE_ROW, message)
    if not is_item(item):
        raise FieldProblem(WHOLE_ROW, "expected an item in DynamoDB JSON")
    keys = [item.get(PARTITION_KEY, {}).get("S"), item.get(SORT_KEY, {}).get("S")]
    if all(isinstance(key, str) for key in keys):
        return fields_of_item(item)
    return {name: _value(attribute) for name, attribute in item.items()}


def fields_of_item(item: Item) -> dict[str, Any]:
    """Return the fields of the row that loads as `item`, an item of a claims table.

    An empty string, which a file cannot represent, becomes an empty list: neither gives a claim,
    and both hide the claim of lower layers. Raises `FieldProblem`.
    """
    key = LayerKey(item[PARTITION_KEY].get("S", ""), item[SORT_KEY].get("S", ""))
    fields: dict[str, Any] = dict(key_fields(key))
    for name, attribute in _claims(item).items():
        if name in NO_CLAIMS:
            raise FieldProblem(name, "the claim has the name of a reserved column")
        fields[name] = _claim(name, attribute)
    if HIDDEN_CLAIMS in item:
        fields[HIDDEN_CLAIMS] = _texts(HIDDEN_CLAIMS, item[HIDDEN_CLAIMS])
    if EXPIRES_AT in item:
        fields[EXPIRES_AT] = whole_seconds(item[EXPIRES_AT])
    return fields


def plain(attribute: Mapping[str, Any]) -> str:
    """Return one attribute's value as text: JSON, preceded by its type if that is not obvious."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S":
            return json.dumps(value, ensure_ascii=False)
        case "L" if all("S" in part for part in value):
            return json.dumps([part["S"] for part in value], ensure_ascii=False)
        case _:
            value = sorted(value) if kind in _SETS else value  # DynamoDB does not keep their order
            shown = json.dumps(value, ensure_ascii=False, default=_base64)
            return f"{_TYPES.get(kind, kind)} {shown}"


def _base64(value: Any) -> str:
    """Return a binary value in Base64, as in DynamoDB JSON."""
    return b64encode(value).decode("ascii")


def key_fields(key: LayerKey) -> Mapping[str, str]:
    """Return tenant, user and app of `key`. Raises `FieldProblem`."""
    kind, _, owner = key.pk.partition("#")
    tenant_id, mark, user = owner.partition("#")
    app_id = "" if key.sk == EVERY_APP else key.sk.removeprefix("APP#")
    is_default = kind == "TENANT" and not mark
    is_user = kind == "USER" and bool(user)
    if not (is_default or is_user) or not key.sk.startswith("APP#") or not key.sk[4:]:
        raise FieldProblem(PARTITION_KEY, "not a key of a claims table")
    return {TENANT_ID: tenant_id, USER: user, APP_ID: app_id}


def _claims(item: Item) -> Mapping[str, Any]:
    match item.get(CLAIMS, {"M": {}}):
        case {"M": dict(claims)}:
            return claims
        case attribute:
            raise FieldProblem(CLAIMS, f"expected a map of claims; found {plain(attribute)}")


def _claim(name: str, attribute: Mapping[str, Any]) -> ClaimValue:
    match attribute:
        case {"S": ""}:
            return []
        case {"S": str(text)}:
            return text
        case _:
            return _texts(name, attribute)


def _texts(field: str, attribute: Mapping[str, Any]) -> list[str]:
    match attribute:
        case {"L": list(parts)} if all("S" in part for part in parts):
            return [part["S"] for part in parts]
        case {"SS": list(parts)}:
            return sorted(parts)
        case _:
            expected = (
                "a list of strings" if field == HIDDEN_CLAIMS else "a string or a list of strings"
            )
            message = f"expected {expected}; found {plain(attribute)}"
            raise FieldProblem(field, message)


def whole_seconds(attribute: Mapping[str, Any]) -> int:
    """Return the number in an `expires_at`. Raises `FieldProblem`."""
    match attribute:
        case {"N": str(number)} if number.isdigit():
            return int(number)
        case _:
            message = f"expected epoch seconds as a whole number; found {plain(attribute)}"
            raise FieldProblem(EXPIRES_AT, message)


def _value(attribute: Mapping[str, Any]) -> Any:
    """Return an attribute's value as plain JSON."""
    match attribute:
        case {"NULL": _}:
            return None
        case {"N": str(number)}:
            return json.loads(number)
        case {"L": list(parts)}:
            return [_value(part) for part in parts]
        case {"M": dict(members)}:
            return {name: _value(member) for name, member in members.items()}
        case {"SS": list(parts)}:
            return sorted(parts)
        case _:
            return next(iter(attribute.values()))
