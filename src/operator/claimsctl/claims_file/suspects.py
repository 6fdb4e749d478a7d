"""Rows that may share a key, or be too large together: found by hashes and sums, then looked at."""

import marshal
from array import array
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Any

from claims_provider.claims.item import read_item
from claims_provider.contract.limits import CLAIMS_BYTES_MAX

from claimsctl.claims_file.composition import Composer, RowLayer
from claimsctl.claims_file.fields import USER
from claimsctl.claims_file.partitions import PARTS, Partitions
from claimsctl.claims_file.problem import Problem
from claimsctl.claims_file.record import Record
from claimsctl.claims_file.spill import Spill

SLOTS = 1 << 16
"""Tenants share this many upper bounds of their own layers' bytes."""
_SLOT_SHIFT = 16
_SIZE_MASK = (1 << _SLOT_SHIFT) - 1
_CHUNK_ROWS = 8

Item = tuple[Any, ...]
"""Row, line and the first six fields of `Row`."""


class RowSet:
    """Numbers of rows, a bit each."""

    def __init__(self) -> None:
        self._bits = bytearray()
        self.count = 0

    def add(self, row: int) -> None:
        """Put a row in."""
        at, bit = row >> 3, 1 << (row & 7)
        if at >= len(self._bits):
            self._bits.extend(bytes(at + 1 - len(self._bits) + len(self._bits) // 8))
        self.count += not self._bits[at] & bit
        self._bits[at] |= bit

    def __contains__(self, row: int) -> bool:
        at = row >> 3
        return at < len(self._bits) and bool(self._bits[at] & 1 << (row & 7))


def packed(size: int, tenant: str) -> int:
    """The fourth number of a row: the bytes it adds to a composition, and its tenant's slot."""
    return size | hash(tenant) % SLOTS << _SLOT_SHIFT


def slot_bounds(bounds: Iterator[tuple[str, int]]) -> "array[int]":
    """The most bytes that the own layers of any tenant in a slot come to."""
    slots = array("i", bytes(4 * SLOTS))
    for tenant, size in bounds:
        slot = hash(tenant) % SLOTS
        slots[slot] = max(slots[slot], size)
    return slots


def find_suspects(partitions: Partitions, bounds: "array[int]") -> RowSet:
    """Rows whose key's hash stands twice, and those of users whose layers may be too large."""
    suspects = RowSet()
    largest_bound = max(bounds)
    for part in partitions.filled():
        first: dict[int, int] = {}
        sums: dict[int, int] = defaultdict(int)
        for user, key, row, pack in _rows(partitions, part):
            sums[user] += pack & _SIZE_MASK
            if (before := first.setdefault(key, row)) != row:
                suspects.add(before)
                suspects.add(row)
        if max(sums.values(), default=0) + largest_bound > CLAIMS_BYTES_MAX:
            for user, _, row, pack in _rows(partitions, part):
                if sums[user] and sums[user] + bounds[pack >> _SLOT_SHIFT] > CLAIMS_BYTES_MAX:
                    suspects.add(row)
    return suspects


def _rows(partitions: Partitions, part: int) -> Iterator[tuple[int, int, int, int]]:
    for chunk in partitions.chunks(part):
        yield from zip(chunk[0::4], chunk[1::4], chunk[2::4], chunk[3::4], strict=True)


def look_at(
    suspects: RowSet, spill: Spill, composer: Composer, now: float
) -> Iterator[tuple[Problem, bool]]:
    """What is wrong with the suspects, in no particular order, and whether to tell it.

    The first row of a key that stands twice is as bad as the others, but told by them.
    """
    parts = _Parts()
    try:
        for item in spill.items():
            if item[0] in suspects:
                parts.add(item)
        for part in range(PARTS):
            yield from _findings(parts.items(part), composer, now)
    finally:
        parts.close()


def _findings(
    items: Iterator[Item], composer: Composer, now: float
) -> Iterator[tuple[Problem, bool]]:
    first: dict[tuple[Any, ...], Item] = {}
    repeated = set()
    for item in items:
        key = item[2:5]
        before = first.setdefault(key, item)
        if before is not item:
            if key not in repeated:
                repeated.add(key)
                yield _same_key(before, item), False
            yield _same_key(item, before), True
    users: dict[tuple[str, str], dict[str | None, RowLayer]] = defaultdict(dict)
    for (tenant, user, app), item in first.items():
        if user is not None and (tenant, user, app) not in repeated:
            layer = read_item(Record(*item[2:]).to_item(), now)
            if layer is not None:
                users[tenant, user][app] = RowLayer(item[0], item[1], layer)
    for (tenant, _), own in users.items():
        for problem in composer.user_too_large(tenant, own):
            yield problem, True


def _same_key(item: Item, other: Item) -> Problem:
    message = f"the same tenant, user and app as line {other[1]}"
    return Problem(item[0], item[1], USER, message)


class _Parts:
    """Whole rows on disk, parted by user."""

    def __init__(self) -> None:
        self._file = TemporaryFile(prefix="claimsctl-")  # noqa: SIM115  # closed by `close`
        self._pending: list[list[Item]] = [[] for _ in range(PARTS)]
        self._chunks: list[list[tuple[int, int]]] = [[] for _ in range(PARTS)]

    def add(self, item: Item) -> None:
        part = hash(item[2:4]) % PARTS
        pending = self._pending[part]
        pending.append(item)
        if len(pending) >= _CHUNK_ROWS:
            data = marshal.dumps(pending)
            self._chunks[part].append((self._file.tell(), len(data)))
            self._file.write(data)
            pending.clear()

    def items(self, part: int) -> Iterator[Item]:
        for start, size in self._chunks[part]:
            self._file.seek(start)
            yield from marshal.loads(self._file.read(size))  # noqa: S302  # our own file
        yield from self._pending[part]

    def close(self) -> None:
        with suppress(OSError):  # a disk that is full has been told
            self._file.close()
