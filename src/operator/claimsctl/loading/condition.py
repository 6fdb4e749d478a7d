"""What to do with a row, given what is in the table under its key."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any

from claims_provider.claims.item import PARTITION_KEY, SORT_KEY, Item

from claimsctl.dataset.record import Record
from claimsctl.dataset.still import SPOKEN_OF, still
from claimsctl.loading.merging import CannotMerge, is_gone, merge


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
