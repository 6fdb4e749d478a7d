"""What to do with a row, given what is in the table under its key."""

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


class CannotMerge(Exception):  # noqa: N818  # a finding about a row
    """Why the two do not go together."""


def is_gone(item: Item, now: float) -> bool:
    """Whether the function would take `item` for none at `now`, in epoch seconds."""
    try:
        return read_item(item, now) is None
    except StoreFailure:
        return False


def merge(item: Item, record: Record) -> dict[str, Any]:
    """`item`, which is not gone, with what `record` says; merged again it stays the same.

    What the row says of a claim, be it a value or that it is hidden, counts in place of what the
    item says of it; what only the item says stays, its end included where the row gives none.

    Raises `CannotMerge` for an item that cannot be read, and for claims over Entra's 3 KB.
    """
    try:
        _claims_of(item)
    except StoreFailure as failure:
        message = (
            f"the item in the table cannot be read (its {failure.evidence.get('attribute')}); "
            f"--on-existing replace puts the row in its place"
        )
        raise CannotMerge(message) from None
    row = record.to_item()
    given, hidden = row[CLAIMS]["M"], record.hidden
    there = item.get(CLAIMS, {"M": {}})["M"]
    stay = {name: value for name, value in there.items() if name not in hidden}
    merged = {**item, CLAIMS: {"M": stay | given}}
    _merge_hidden(merged, record)
    if EXPIRES_AT in row:
        merged[EXPIRES_AT] = row[EXPIRES_AT]
    if (size := claims_bytes(_claims_of(merged))) > CLAIMS_BYTES_MAX:
        message = (
            f"with the claims that the table has for it already, {size} bytes; "
            f"Entra takes at most {CLAIMS_BYTES_MAX} in one answer"
        )
        raise CannotMerge(message)
    return merged


def _claims_of(item: Item) -> Claims:
    """What `item` gives, whenever its end may be. Raises `StoreFailure` when it cannot be read."""
    layer = read_item({name: item[name] for name in item if name != EXPIRES_AT}, 0)
    return {} if layer is None else dict(layer.claims)


def _merge_hidden(merged: dict[str, Any], record: Record) -> None:
    there = _names(merged.get(HIDDEN_CLAIMS, {"L": []}))
    stay = [name for name in there if name not in record.claims or name in record.hidden]
    names = [*stay, *(name for name in record.hidden if name not in stay)]
    if names == there:
        return
    if names:
        merged[HIDDEN_CLAIMS] = {"L": [{"S": name} for name in names]}
    else:
        merged.pop(HIDDEN_CLAIMS, None)


def _names(attribute: Any) -> list[str]:
    match attribute:
        case {"SS": members}:
            return sorted(members)
        case _:
            return [member["S"] for member in attribute["L"]]


SPOKEN_OF = (CLAIMS, HIDDEN_CLAIMS, EXPIRES_AT)
"""Attributes that a row speaks of; others of an item stay as they are."""


def still(found: Item, attributes: Sequence[str] = SPOKEN_OF) -> dict[str, Any]:
    """Parameters of a write that is done only while `attributes` are as `found` has, or lacks them.

    The attribute of place n is `#n` in them.
    """
    values, conditions = {}, [f"attribute_exists({PARTITION_KEY})"]
    for place, attribute in enumerate(attributes):
        if attribute in found:
            conditions.append(f"#{place} = :old{place}")
            values[f":old{place}"] = found[attribute]
        else:
            conditions.append(f"attribute_not_exists(#{place})")
    parameters: dict[str, Any] = {
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": {f"#{place}": name for place, name in enumerate(attributes)},
    }
    if values:
        parameters["ExpressionAttributeValues"] = values
    return parameters


class OnExisting(StrEnum):
    """What becomes of a row whose key is in the table already."""

    REPLACE = "replace"
    MERGE = "merge"
    SKIP = "skip"
    FAIL = "fail"


class Fate(Enum):
    """A row that needs no write."""

    UNCHANGED = auto()
    SKIPPED = auto()


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be written."""

    reason: str


@dataclass(frozen=True, slots=True)
class Write:
    """One conditional write: the call's name and its parameters."""

    operation: str
    parameters: dict[str, Any]


def decide(
    mode: OnExisting, record: Record, found: Item | None, now: float
) -> Write | Fate | Reject:
    """What `mode` wants of `record`, with `found` in the table at `now`, in epoch seconds.

    A write's condition is that `found`, or nothing, is still there. An item past its end counts
    as none, as the function takes it, whether or not DynamoDB has deleted it yet.
    """
    wanted = record.to_item()
    if found is None:
        condition = f"attribute_not_exists({PARTITION_KEY})"
        return Write("put_item", {"Item": wanted, "ConditionExpression": condition})
    if found == wanted:
        return Fate.UNCHANGED
    if is_gone(found, now):
        return Write("put_item", {"Item": wanted, **still(found)})
    match mode:
        case OnExisting.SKIP:
            return Fate.SKIPPED
        case OnExisting.MERGE:
            return _merged(record, found)
        case _:
            return Reject("the table has other claims for this tenant, user and app already")


def _merged(record: Record, found: Item) -> Write | Fate | Reject:
    try:
        wanted = merge(found, record)
    except CannotMerge as problem:
        return Reject(str(problem))
    if wanted == found:
        return Fate.UNCHANGED
    parameters = still(found)
    names, values = parameters["ExpressionAttributeNames"], {}
    sets, removals = [], []
    for place, attribute in enumerate(SPOKEN_OF):
        if attribute in wanted:
            sets.append(f"#{place} = :new{place}")
            values[f":new{place}"] = wanted[attribute]
        elif attribute in found:
            removals.append(f"#{place}")
    update = f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(removals)}" if removals else "")
    return Write(
        "update_item",
        {
            "Key": {name: found[name] for name in (PARTITION_KEY, SORT_KEY)},
            "UpdateExpression": update,
            **parameters,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {
                **parameters.get("ExpressionAttributeValues", {}),
                **values,
            },
        },
    )
