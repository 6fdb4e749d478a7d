"""What to write for a record, given the existing item under its key."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any

from claims_provider.claims.item import (
    CLAIMS,
    EXPIRES_AT,
    HIDDEN_CLAIMS,
    PARTITION_KEY,
    SORT_KEY,
    Item,
    read_item,
)
from claims_provider.contract.answer import Claims, claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX
from claims_provider.errors import StoreFailure

from claimsctl.claims_file.record import Record

FILE_ATTRIBUTES = (CLAIMS, HIDDEN_CLAIMS, EXPIRES_AT)
"""The attributes that a row sets; a merge does not change an item's other attributes."""


class OnExisting(StrEnum):
    """What to do when the item already exists."""

    REPLACE = "replace"
    MERGE = "merge"
    SKIP = "skip"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Write:
    """A conditional write: the client's method and its parameters."""

    operation: str
    parameters: dict[str, Any]


class NoWrite(Enum):
    """A record that needs no write."""

    UNCHANGED = auto()
    """The item already matches the record."""
    SKIPPED = auto()
    """The item differs and is kept."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that cannot be written."""

    reason: str


WriteDecision = Write | NoWrite | Reject


class CannotMerge(Exception):  # noqa: N818  # a problem of a row
    """An item and a record cannot be merged; has the reason as text."""


def decide(mode: OnExisting, record: Record, found: Item | None, now: float) -> WriteDecision:
    """Decide what `mode` does with `record` if the table has `found` at `now` (epoch seconds).

    A write is conditional on the table still having `found`. An expired item counts as missing, as
    it does for the function, even if DynamoDB has not deleted it yet.
    """
    wanted = record.to_item()
    if found is None:
        condition = f"attribute_not_exists({PARTITION_KEY})"
        return Write("put_item", {"Item": wanted, "ConditionExpression": condition})
    if found == wanted:
        return NoWrite.UNCHANGED
    if is_expired(found, now):
        return Write("put_item", {"Item": wanted, **unchanged_condition(found)})
    match mode:
        case OnExisting.SKIP:
            return NoWrite.SKIPPED
        case OnExisting.MERGE:
            return _decide_merge(record, found)
        case _:
            return Reject(
                "an item with other claims already exists for this tenant, user and app"
                " (--on-existing fail)"
            )


def is_expired(item: Item, now: float) -> bool:
    """Return whether the function ignores `item` at `now` (epoch seconds) as expired."""
    try:
        return read_item(item, now) is None
    except StoreFailure:
        return False


def unchanged_condition(found: Item, attributes: Sequence[str] = FILE_ATTRIBUTES) -> dict[str, Any]:
    """Return the parameters of a write that succeeds only if `attributes` are as in `found`.

    An attribute that `found` lacks must still be missing. ``#n`` is the name of attribute n.
    """
    values, conditions = {}, [f"attribute_exists({PARTITION_KEY})"]
    for number, attribute in enumerate(attributes):
        if attribute in found:
            conditions.append(f"#{number} = :old{number}")
            values[f":old{number}"] = found[attribute]
        else:
            conditions.append(f"attribute_not_exists(#{number})")
    parameters: dict[str, Any] = {
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": {f"#{number}": name for number, name in enumerate(attributes)},
    }
    if values:
        parameters["ExpressionAttributeValues"] = values
    return parameters


def merge(item: Item, record: Record) -> dict[str, Any]:
    """Return `item`, which has not expired, updated with `record`. Idempotent.

    A claim that the record sets or hides replaces the item's claim. Everything else in the item is
    kept, including its `expires_at` if the record has none.

    Raises `CannotMerge` for an invalid item, and for claims over Entra's limit of 3 KB.
    """
    try:
        _claims_of(item)
    except StoreFailure as failure:
        message = (
            f"the existing item is invalid (attribute {failure.evidence.get('attribute')}) and "
            f"cannot be merged; to overwrite it with this row, use --on-existing replace"
        )
        raise CannotMerge(message) from None
    row = record.to_item()
    existing = item.get(CLAIMS, {"M": {}})["M"]
    kept = {name: value for name, value in existing.items() if name not in record.hidden}
    merged = {**item, CLAIMS: {"M": kept | row[CLAIMS]["M"]}}
    _merge_hidden(merged, record)
    if EXPIRES_AT in row:
        merged[EXPIRES_AT] = row[EXPIRES_AT]
    if (size := claims_bytes(_claims_of(merged))) > CLAIMS_BYTES_MAX:
        message = (
            f"the claims would have {size} bytes after merging with the existing item; "
            f"Entra accepts at most {CLAIMS_BYTES_MAX} bytes in one answer"
        )
        raise CannotMerge(message)
    return merged


def _claims_of(item: Item) -> Claims:
    """Return the claims of `item`, expired or not. Raises `StoreFailure` when it is invalid."""
    layer = read_item({name: item[name] for name in item if name != EXPIRES_AT}, 0)
    return {} if layer is None else dict(layer.claims)


def _merge_hidden(merged: dict[str, Any], record: Record) -> None:
    existing = _names(merged.get(HIDDEN_CLAIMS, {"L": []}))
    kept = [name for name in existing if name not in record.claims or name in record.hidden]
    names = [*kept, *(name for name in record.hidden if name not in kept)]
    if names == existing:
        return
    if names:
        merged[HIDDEN_CLAIMS] = {"L": [{"S": name} for name in names]}
    else:
        merged.pop(HIDDEN_CLAIMS, None)


def _names(attribute: Any) -> list[str]:
    match attribute:
        case {"SS": names}:
            return sorted(names)
        case _:
            return [name["S"] for name in attribute["L"]]


def _decide_merge(record: Record, found: Item) -> WriteDecision:
    try:
        wanted = merge(found, record)
    except CannotMerge as problem:
        return Reject(str(problem))
    return NoWrite.UNCHANGED if wanted == found else _update(found, wanted)


def _update(found: Item, wanted: Item) -> Write:
    """Return the update of `found` to `wanted`, limited to the attributes that a file sets."""
    parameters = unchanged_condition(found)
    values = parameters.pop("ExpressionAttributeValues", {})
    sets, removals = [], []
    for number, attribute in enumerate(FILE_ATTRIBUTES):
        if attribute in wanted:
            sets.append(f"#{number} = :new{number}")
            values[f":new{number}"] = wanted[attribute]
        elif attribute in found:
            removals.append(f"#{number}")
    update = f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(removals)}" if removals else "")
    return Write(
        "update_item",
        {
            "Key": {name: found[name] for name in (PARTITION_KEY, SORT_KEY)},
            "UpdateExpression": update,
            "ExpressionAttributeValues": values,
            **parameters,
        },
    )
