"""Lines put in order on disk: how what is larger than memory is sorted and compared."""

import heapq
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Self

from claimsctl.errors import OperatorError

_RUN_BYTES_MAX = 16 * 1024 * 1024
_READ_BYTES = 64 * 1024
_LINE_COST = 64
"""What Python keeps for a line beside its bytes, about."""


class SortedSpill:
    """Lines of text without line breaks; a temporary file holds them, memory does not grow.

    A context manager: the file is gone at its end. Sorted as UTF-8 bytes, which is the order of
    code points.
    """

    def __init__(self) -> None:
        try:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close()
        except OSError as error:
            raise _no_room(error) from None
        self._runs: list[tuple[int, int]] = []
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop the file."""
        with suppress(OSError):  # a disk that is full has been told
            self._file.close()

    def add(self, line: str) -> None:
        """Take `line`. Raises `OperatorError` when the disk is full."""
        encoded = line.encode()
        self._waiting.append(encoded)
        self._waiting_bytes += len(encoded) + _LINE_COST
        self.count += 1
        if self._waiting_bytes >= _RUN_BYTES_MAX:
            self.end()

    def end(self) -> None:
        """All lines so far to the disk. Raises `OperatorError` when it is full."""
        try:
            self._end_run()
        except OSError as error:
            raise _no_room(error) from None

    def lines(self) -> Iterator[str]:
        """All lines, in order. May be called again; not while lines are still added."""
        self.end()
        for line in heapq.merge(*(self._run(start, end) for start, end in self._runs)):
            yield line.decode()

    def _end_run(self) -> None:
        if not self._waiting:
            return
        self._waiting.sort()
        start = self._file.seek(0, 2)
        self._file.writelines(line + b"\n" for line in self._waiting)
        self._file.flush()
        self._runs.append((start, self._file.tell()))
        self._waiting.clear()
        self._waiting_bytes = 0

    def _run(self, start: int, end: int) -> Iterator[bytes]:
        left = b""
        while start < end:
            self._file.seek(start)
            block = self._file.read(min(_READ_BYTES, end - start))
            start += len(block)
            *whole, left = (left + block).split(b"\n")
            yield from whole


def _no_room(error: OSError) -> OperatorError:
    message = (
        f"rows cannot be set aside in {tempfile.gettempdir()}: {error.strerror}; set TMPDIR to a "
        f"folder with room for the table"
    )
    return OperatorError(message)
