"""Bad rows set aside: as the file has them, with what is wrong with them."""

import sqlite3
from collections.abc import Callable, Iterator
from heapq import merge
from operator import attrgetter

from claimsctl.claims_file.record import Record
from claimsctl.claims_file.rejects import Raw, RejectedRow
from claimsctl.claims_file.spill import Spill


class Rejected:
    """Bad rows, found while reading or when all rows were known."""

    def __init__(self) -> None:
        self._read = Spill()
        self._later = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._later.execute("CREATE TABLE later (row INTEGER PRIMARY KEY, reason TEXT)")
        self._later.execute("BEGIN")

    def add_read(self, row: int, line: int, raw: Raw, reason: str) -> None:
        """Set a row aside that was bad in itself."""
        self._read.add((row, line, raw, reason), sum(map(len, raw)) + len(reason))

    def add_later(self, row: int, reason: str) -> None:
        """Note that a row that was good in itself is bad beside others."""
        self._later.execute(
            "INSERT INTO later VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET reason = reason || '; ' || excluded.reason",
            (row, reason),
        )

    def flush(self) -> None:
        """Before anything is read."""
        self._read.flush()

    def rows(self, good: Spill, raw_of: Callable[[Record], Raw]) -> Iterator[RejectedRow]:
        """All of them in the file's order; `good` has the rows that were good in themselves."""
        read = (RejectedRow(*item) for item in self._read.items())
        return merge(read, self._later_rows(good, raw_of), key=attrgetter("row"))

    def _later_rows(self, good: Spill, raw_of: Callable[[Record], Raw]) -> Iterator[RejectedRow]:
        items = good.items()
        for row, reason in self._later.execute("SELECT row, reason FROM later ORDER BY row"):
            item = next(item for item in items if item[0] == row)
            yield RejectedRow(row, item[1], raw_of(Record(*item[2:])), reason)

    def close(self) -> None:
        """Drop everything."""
        self._read.close()
        self._later.close()
