"""Conversion of an item to the record that loads as the same item, and its values as text."""

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
from claims_provider.claims.key import LayerKey

from claimsctl.claims_file.dynamodb_json import (
    fields_of_item,
    key_fields,
    plain,
    whole_seconds,
)
from claimsctl.claims_file.fields import iso
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.record import Record
from claimsctl.claims_file.rows import RowCheck

_KNOWN_ATTRIBUTES = frozenset({PARTITION_KEY, SORT_KEY, CLAIMS, HIDDEN_CLAIMS, EXPIRES_AT})
_CHECK = RowCheck(ReadOptions())


def key_of(item: Item) -> LayerKey:
    """Return the key of `item`, which comes from a table and therefore has one."""
    return LayerKey(item[PARTITION_KEY].get("S", ""), item[SORT_KEY].get("S", ""))


def record_of_item(item: Item) -> Record:
    """Return the record that loads as an item with the same meaning for the function.

    An empty string, which a file cannot represent, becomes an empty list: neither gives a claim,
    and both hide the claim of lower layers. Raises `FieldProblem` for an item that a file cannot
    represent: an unknown form of key, a value that Entra does not accept, or a reserved name.
    """
    return _record(fields_of_item(item), key_of(item))


def record_key(key: LayerKey) -> tuple[str, str | None, str | None]:
    """Return tenant, user and app of the record that loads under `key`. Raises `FieldProblem`."""
    record = _record(key_fields(key), key)
    return record.tenant_id, record.user, record.app_id


def has_more(item: Item) -> bool:
    """Whether `item` has attributes that neither the function nor a file reads."""
    return not _KNOWN_ATTRIBUTES.issuperset(item)


def moment(attribute: Mapping[str, Any]) -> str:
    """Return an `expires_at` as text: ISO 8601 as in a file, or as `plain` if it is invalid."""
    try:
        seconds = whole_seconds(attribute)
        return iso(seconds)
    except (FieldProblem, ValueError, OverflowError):
        return plain(attribute)


def _record(fields: Mapping[str, Any], key: LayerKey) -> Record:
    record = _CHECK.check_values(fields)
    if isinstance(record, list):
        raise record[0]
    if record.key != key:
        raise FieldProblem(
            PARTITION_KEY, f"not in canonical form; a file would write it as {record.key.pk}"
        )
    return record
