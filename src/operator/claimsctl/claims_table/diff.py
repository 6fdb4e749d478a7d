"""Records and the table → what loading them would change: what load --dry-run and diff tell."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from claims_provider.claims.item import CLAIMS, EXPIRES_AT, HIDDEN_CLAIMS, Item
from claims_provider.claims.key import LayerKey

from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.record import Record
from claimsctl.claims_table.items import read_stored
from claimsctl.claims_table.parallel import batches, in_parallel
from claimsctl.claims_table.reader import KEYS_MAX, TableReader
from claimsctl.claims_table.upsert import Fate, OnExisting, Reject, decide, is_gone, merge

Attribute = Mapping[str, Any]
"""A value as DynamoDB's low-level API has it: ``{"S": "…"}``."""


class ChangeKind(StrEnum):
    """What becomes of an item."""

    ADD = "add"
    CHANGE = "change"
    SAME = "same"
    REMOVE = "remove"
    KEEP = "keep"
    """It differs, and is to stay."""
    REJECT = "reject"
    """The row is not to be written."""


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One claim, or another attribute, before and after; ``None`` where it is not there."""

    name: str
    old: Attribute | None
    new: Attribute | None


@dataclass(frozen=True, slots=True)
class Change:
    """What loading one record does to the item of its key."""

    kind: ChangeKind
    key: LayerKey
    item: Item | None
    """What the table holds now."""
    wanted: Item | None
    """What it is to hold."""

    def values(self) -> Iterator[ValueChange]:
        """What differs, claim by claim; then what else the item says."""
        old = {} if self.item is None else _attributes(self.item)
        new = {} if self.wanted is None else _attributes(self.wanted)
        for name in [*old, *(name for name in new if name not in old)]:
            if old.get(name) != new.get(name):
                yield ValueChange(name, old.get(name), new.get(name))


Judge = Callable[[Record, Item | None], tuple[ChangeKind, Item | None]]
"""What becomes of the item of a record's key, given what the table holds: its kind, and the item
as it is to be."""


def replaced(record: Record, item: Item | None) -> tuple[ChangeKind, Item | None]:
    """The record takes the item's place, as ``--on-existing replace`` has it."""
    if item is None:
        return ChangeKind.ADD, record.to_item()
    if says_the_same(item, record):
        return ChangeKind.SAME, item
    return ChangeKind.CHANGE, record.to_item()


def plan_records(
    reader: TableReader, records: Iterable[Record], judge: Judge = replaced
) -> Iterator[Change]:
    """A change for each of `records`, in their order; no key may stand in them twice.

    The table is read in parallel, a bounded number of batches ahead, so that memory does not grow
    with the file. Raises `OperatorError` when it cannot be read.
    """

    def read(batch: tuple[Record, ...]) -> dict[LayerKey, Item]:
        return reader.read([record.key for record in batch])

    for batch, items in in_parallel(read, batches(records, KEYS_MAX)):
        for record in batch:
            item = items.get(record.key)
            kind, wanted = judge(record, item)
            yield Change(kind, record.key, item, wanted)


def says_the_same(item: Item, record: Record) -> bool:
    """Whether loading `record` would leave `item` as it is, in meaning."""
    try:
        stored = read_stored(item)
    except FieldProblem:
        return False
    return (stored.claims, stored.expires_at, set(stored.hidden)) == (
        record.claims,
        record.expires_at,
        set(record.hidden),
    )


def _attributes(item: Item) -> dict[str, Attribute]:
    """Claims by name, then what else the item says; two of them that mean the same are the same."""
    match item.get(CLAIMS, {"M": {}}):
        case {"M": dict(claims)}:
            told = {name: _comparable(claims[name]) for name in sorted(claims)}
        case attribute:
            told = {CLAIMS: attribute}
    if HIDDEN_CLAIMS in item:
        hidden = _comparable(item[HIDDEN_CLAIMS])
        told[HIDDEN_CLAIMS] = (
            {"L": sorted(hidden["L"], key=str)} if isinstance(hidden.get("L"), list) else hidden
        )
    if EXPIRES_AT in item:
        told[EXPIRES_AT] = item[EXPIRES_AT]
    return told


def _comparable(attribute: Attribute) -> Attribute:
    match attribute:
        case {"SS": list(texts)}:
            return {"L": [{"S": text} for text in sorted(texts)]}
        case {"S": ""}:
            return {"L": []}
        case _:
            return attribute


def expectation(mode: OnExisting) -> Judge:
    """What a plan has to reckon with when the load is to go by `mode`."""
    return replaced if mode is OnExisting.REPLACE else partial(_expected, mode)


def _expected(
    mode: OnExisting, record: Record, item: Item | None
) -> tuple[ChangeKind, Item | None]:
    now = time.time()
    match decide(mode, record, item, now):
        case Fate.UNCHANGED:
            return ChangeKind.SAME, item
        case Fate.SKIPPED:
            return ChangeKind.KEEP, record.to_item()
        case Reject():
            return ChangeKind.REJECT, record.to_item()
    if item is None or is_gone(item, now):
        return ChangeKind.ADD if item is None else ChangeKind.CHANGE, record.to_item()
    return ChangeKind.CHANGE, merge(item, record)
