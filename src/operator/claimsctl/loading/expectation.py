"""What a load would make of each item, given what is to become of those that are there."""

import time
from functools import partial

from claims_provider.claims.item import Item

from claimsctl.dataset.plan import ChangeKind, Judge, replaced
from claimsctl.dataset.record import Record
from claimsctl.loading.condition import Fate, OnExisting, Reject, decide
from claimsctl.loading.merging import is_gone, merge


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
