"""The changes that loading records would make: the plan for load --dry-run and diff."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from claims_provider.claims.item import CLAIMS, EXPIRES_AT, HIDDEN_CLAIMS, Item
from claims_provider.claims.key import LayerKey

from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.record import Record
from claimsctl.claims_table.items import record_of_item
from claimsctl.claims_table.reader import KEYS_MAX, TableReader, batches, in_parallel
from claimsctl.claims_table.upsert import NoWrite, OnExisting, Reject, decide, is_expired, merge

Attribute = Mapping[str, Any]
"""A value in the form of DynamoDB's low-level API: ``{"S": "…"}``."""


class ChangeKind(StrEnum):
    """What a load does with an item."""

    ADD = "add"
    CHANGE = "change"
    SAME = "same"
    REMOVE = "remove"
    KEEP = "keep"
    """The item differs from the row and is kept."""
    REJECT = "reject"
    """The row is not written."""


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A claim or another attribute before and after; ``None`` where it is missing."""

    name: str
    old: Attribute | None
    new: Attribute | None


@dataclass(frozen=True, slots=True)
class Change:
    """What loading one record does with the item under its key."""

    kind: ChangeKind
    key: LayerKey
    item: Item | None
    """The current item."""
    wanted: Item | None
    """The item after the load; for `KEEP` and `REJECT`, the item that the row describes."""

    def values(self) -> Iterator[ValueChange]:
        """Yield what differs: claim by claim, then other attributes."""
        old = {} if self.item is None else _attributes(self.item)
        new = {} if self.wanted is None else _attributes(self.wanted)
        for name in [*old, *(name for name in new if name not in old)]:
            if old.get(name) != new.get(name):
                yield ValueChange(name, old.get(name), new.get(name))


def plan_changes(
    reader: TableReader, records: Iterable[Record], mode: OnExisting = OnExisting.REPLACE
) -> Iterator[Change]:
    """Yield what a load in `mode` would do with each of `records`, in order; their keys differ.

    The table is read in parallel, a bounded number of batches ahead, so that memory does not grow
    with the file. Raises `OperatorError` when the table cannot be read.
    """

    def read(batch: tuple[Record, ...]) -> dict[LayerKey, Item]:
        return reader.read([record.key for record in batch])

    for batch, items in in_parallel(read, batches(records, KEYS_MAX)):
        for record in batch:
            item = items.get(record.key)
            if mode is OnExisting.REPLACE:
                yield _replacement(record, item)
            else:
                yield _conditional_change(mode, record, item, time.time())


def has_same_content(item: Item, record: Record) -> bool:
    """Return whether loading `record` would leave the meaning of `item` unchanged."""
    try:
        stored = record_of_item(item)
    except FieldProblem:
        return False
    return (stored.claims, stored.expires_at, set(stored.hidden)) == (
        record.claims,
        record.expires_at,
        set(record.hidden),
    )


def _replacement(record: Record, item: Item | None) -> Change:
    if item is not None and has_same_content(item, record):
        return Change(ChangeKind.SAME, record.key, item, item)
    kind = ChangeKind.ADD if item is None else ChangeKind.CHANGE
    return Change(kind, record.key, item, record.to_item())


def _conditional_change(mode: OnExisting, record: Record, item: Item | None, now: float) -> Change:
    match decide(mode, record, item, now):
        case NoWrite.UNCHANGED:
            return Change(ChangeKind.SAME, record.key, item, item)
        case NoWrite.SKIPPED:
            return Change(ChangeKind.KEEP, record.key, item, record.to_item())
        case Reject():
            return Change(ChangeKind.REJECT, record.key, item, record.to_item())
    if item is None:
        return Change(ChangeKind.ADD, record.key, item, record.to_item())
    wanted = record.to_item() if is_expired(item, now) else merge(item, record)
    return Change(ChangeKind.CHANGE, record.key, item, wanted)


def _attributes(item: Item) -> dict[str, Attribute]:
    """Return claims by name, then other attributes, so that values with one meaning are equal."""
    match item.get(CLAIMS, {"M": {}}):
        case {"M": dict(claims)}:
            attributes = {name: _comparable(claims[name]) for name in sorted(claims)}
        case attribute:
            attributes = {CLAIMS: attribute}
    if HIDDEN_CLAIMS in item:
        hidden = _comparable(item[HIDDEN_CLAIMS])
        attributes[HIDDEN_CLAIMS] = (
            {"L": sorted(hidden["L"], key=str)} if isinstance(hidden.get("L"), list) else hidden
        )
    if EXPIRES_AT in item:
        attributes[EXPIRES_AT] = item[EXPIRES_AT]
    return attributes


def _comparable(attribute: Attribute) -> Attribute:
    match attribute:
        case {"SS": list(texts)}:
            return {"L": [{"S": text} for text in sorted(texts)]}
        case {"S": ""}:
            return {"L": []}
        case _:
            return attribute
