"""An item of the table ↔ the record that loads as it, and its values in words."""

import json
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

from claimsctl.claims_file.fields import APP_ID, NO_CLAIMS, TENANT_ID, USER, iso
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.record import Record
from claimsctl.claims_file.rows import RowCheck

_KNOWN_ATTRIBUTES = frozenset({PARTITION_KEY, SORT_KEY, CLAIMS, HIDDEN_CLAIMS, EXPIRES_AT})
_CHECK = RowCheck(ReadOptions())
_SETS = frozenset({"SS", "NS", "BS"})
_TYPES = {
    "S": "string", "N": "number", "B": "binary", "BOOL": "boolean", "NULL": "null", "L": "list",
    "M": "map", "SS": "string set", "NS": "number set", "BS": "binary set",
}  # fmt: skip


def key_of(item: Item) -> LayerKey:
    """The key of `item`, which has one, since it comes from a table."""
    return LayerKey(item[PARTITION_KEY].get("S", ""), item[SORT_KEY].get("S", ""))


def record_of_item(item: Item) -> Record:
    """The record that loads as `item`: the function answers the same from both.

    An empty string, which a file cannot hold, becomes an empty list: neither gives a claim, and
    both hide what lower layers give. Raises `FieldProblem` for what no file can express: a key that
    no row makes, a value that Entra does not accept, a name that a file reserves.
    """
    fields: dict[str, Any] = dict(_key_fields(key_of(item)))
    for name, attribute in _claims(item).items():
        if name in NO_CLAIMS:
            raise FieldProblem(name, "a claim called as a file's own column")
        fields[name] = _claim(name, attribute)
    if HIDDEN_CLAIMS in item:
        fields[HIDDEN_CLAIMS] = _texts(HIDDEN_CLAIMS, item[HIDDEN_CLAIMS])
    if EXPIRES_AT in item:
        fields[EXPIRES_AT] = _whole_seconds(item[EXPIRES_AT])
    return _record(fields, key_of(item))


def record_key(key: LayerKey) -> tuple[str, str | None, str | None]:
    """Tenant, user and app of the record that loads under `key`. Raises `FieldProblem`."""
    record = _record(_key_fields(key), key)
    return record.tenant_id, record.user, record.app_id


def has_more(item: Item) -> bool:
    """Whether `item` has attributes that neither the function nor a file reads."""
    return not _KNOWN_ATTRIBUTES.issuperset(item)


def plain(attribute: Mapping[str, Any]) -> str:
    """One attribute's value for people: JSON, after its type unless the JSON shows that."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S":
            return json.dumps(value, ensure_ascii=False)
        case "L" if all("S" in part for part in value):
            return json.dumps([part["S"] for part in value], ensure_ascii=False)
        case _:
            value = sorted(value) if kind in _SETS else value  # DynamoDB keeps no order of them
            shown = json.dumps(value, ensure_ascii=False, default=repr)
            return f"{_TYPES.get(kind, kind)} {shown}"


def moment(attribute: Mapping[str, Any]) -> str:
    """An `expires_at` for people: ISO 8601 as in a file, or `plain` for anything else."""
    try:
        seconds = _whole_seconds(attribute)
        return iso(seconds)
    except (FieldProblem, ValueError, OverflowError):
        return plain(attribute)


def _claims(item: Item) -> Mapping[str, Any]:
    match item.get(CLAIMS, {"M": {}}):
        case {"M": dict(claims)}:
            return claims
        case attribute:
            raise FieldProblem(CLAIMS, f"expected a map of claims, found {plain(attribute)}")


def _record(fields: Mapping[str, Any], key: LayerKey) -> Record:
    record = _CHECK.check_values(fields)
    if isinstance(record, list):
        raise record[0]
    if record.key != key:
        raise FieldProblem(PARTITION_KEY, f"spelt {record.key.pk} in a file")
    return record


def _key_fields(key: LayerKey) -> Mapping[str, str]:
    kind, _, owner = key.pk.partition("#")
    tenant_id, mark, user = owner.partition("#")
    app_id = "" if key.sk == EVERY_APP else key.sk.removeprefix("APP#")
    is_default = kind == "TENANT" and not mark
    is_user = kind == "USER" and bool(user)
    if not (is_default or is_user) or not key.sk.startswith("APP#") or not key.sk[4:]:
        raise FieldProblem(PARTITION_KEY, "no key of a claims table")
    return {TENANT_ID: tenant_id, USER: user, APP_ID: app_id}


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
            expected = "a string or a list of strings" if field != HIDDEN_CLAIMS else "a list"
            message = f"expected {expected}, found {plain(attribute)}"
            raise FieldProblem(field, message)


def _whole_seconds(attribute: Mapping[str, Any]) -> int:
    match attribute:
        case {"N": str(number)} if number.isdigit():
            return int(number)
        case _:
            message = f"expected epoch seconds, a whole number; found {plain(attribute)}"
            raise FieldProblem(EXPIRES_AT, message)
