"""An item of the table ↔ the record that loads as it, and its values in words."""

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
    """The key of `item`, which has one, since it comes from a table."""
    return LayerKey(item[PARTITION_KEY].get("S", ""), item[SORT_KEY].get("S", ""))


def record_of_item(item: Item) -> Record:
    """The record that loads as `item`: the function answers the same from both.

    An empty string, which a file cannot hold, becomes an empty list: neither gives a claim, and
    both hide what lower layers give. Raises `FieldProblem` for what no file can express: a key that
    no row makes, a value that Entra does not accept, a name that a file reserves.
    """
    return _record(fields_of_item(item), key_of(item))


def record_key(key: LayerKey) -> tuple[str, str | None, str | None]:
    """Tenant, user and app of the record that loads under `key`. Raises `FieldProblem`."""
    record = _record(key_fields(key), key)
    return record.tenant_id, record.user, record.app_id


def has_more(item: Item) -> bool:
    """Whether `item` has attributes that neither the function nor a file reads."""
    return not _KNOWN_ATTRIBUTES.issuperset(item)


def moment(attribute: Mapping[str, Any]) -> str:
    """An `expires_at` for people: ISO 8601 as in a file, or `plain` for anything else."""
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
        raise FieldProblem(PARTITION_KEY, f"spelt {record.key.pk} in a file")
    return record
