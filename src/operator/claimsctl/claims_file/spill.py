"""Rows set aside on disk, in order, in a file that nobody else sees and that goes with us."""

import marshal
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Any

_BATCH_ROWS = 256
_BATCH_BYTES = 1 << 18


class Spill:
    """Tuples of plain values, the row's number first, added in rising order."""

    def __init__(self) -> None:
        self._file = TemporaryFile(prefix="claimsctl-")  # noqa: SIM115  # closed by `close`
        self._batch: list[tuple[Any, ...]] = []
        self._bytes = 0
        self._starts = array("q", [0])
        self._first_rows = array("q")

    def add(self, item: tuple[Any, ...], size: int) -> None:
        """Set `item` aside; `size` is about its bytes."""
        self._batch.append(item)
        self._bytes += size
        if len(self._batch) >= _BATCH_ROWS or self._bytes >= _BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is still in memory. Before anything is read."""
        if self._batch:
            data = marshal.dumps(self._batch)
            self._file.write(data)
            self._first_rows.append(self._batch[0][0])
            self._starts.append(self._starts[-1] + len(data))
            self._batch = []
            self._bytes = 0

    def items(self, after_row: int = 0) -> Iterator[tuple[Any, ...]]:
        """The items of the rows after `after_row`. Several may be read at a time."""
        first = max(bisect_right(self._first_rows, after_row) - 1, 0)
        for number in range(first, len(self._first_rows)):
            self._file.seek(self._starts[number])
            data = self._file.read(self._starts[number + 1] - self._starts[number])
            for item in marshal.loads(data):  # noqa: S302  # our own file, which has no name
                if item[0] > after_row:
                    yield item

    def close(self) -> None:
        """Drop everything."""
        with suppress(OSError):  # a disk that is full has been told
            self._file.close()
