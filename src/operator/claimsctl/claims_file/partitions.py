"""Numbers of rows on disk, parted by a hash, so that any one part fits into memory."""

import mmap
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from itertools import accumulate
from tempfile import TemporaryFile

PARTS = 1024
_CHUNK_NUMBERS = 1024
_NUMBER_BYTES = 8


class Partitions:
    """Rows of four numbers: the user's hash, by which they are parted, and three more."""

    def __init__(self) -> None:
        self._file = TemporaryFile(prefix="claimsctl-")  # noqa: SIM115  # closed by `close`
        self._pending = [array("q") for _ in range(PARTS)]
        self._chunks = [array("q") for _ in range(PARTS)]
        self._count = 0

    def add(self, numbers: tuple[int, int, int, int]) -> None:
        """Set a row aside."""
        part = numbers[0] % PARTS
        pending = self._pending[part]
        pending.extend(numbers)
        if len(pending) >= _CHUNK_NUMBERS:
            self._file.write(pending)
            self._chunks[part].append(self._count)
            self._count += 1
            self._pending[part] = array("q")

    def filled(self) -> Iterator[int]:
        """The parts that have rows."""
        for part in range(PARTS):
            if self._pending[part] or self._chunks[part]:
                yield part

    def chunks(self, part: int) -> "Iterator[array[int]]":
        """The rows of one of `PARTS` in the order they came, some at a time, four numbers a row."""
        size = _CHUNK_NUMBERS * _NUMBER_BYTES
        for number in self._chunks[part]:
            chunk = array("q")
            self._file.seek(number * size)
            chunk.frombytes(self._file.read(size))
            yield chunk
        yield self._pending[part]

    def close(self) -> None:
        """Drop everything."""
        with suppress(OSError):  # a disk that is full has been told
            self._file.close()


class KeyIndex:
    """The second numbers of all rows, to be looked up."""

    def __init__(self, partitions: Partitions) -> None:
        self._file = TemporaryFile(prefix="claimsctl-")  # noqa: SIM115  # closed by `close`
        counts = [0]
        for part in range(PARTS):
            keys = {key for chunk in partitions.chunks(part) for key in chunk[1::4]}
            self._file.write(array("q", sorted(keys)))
            counts.append(len(keys))
        self._file.write(bytes(_NUMBER_BYTES))  # nothing cannot be mapped
        self._file.flush()
        self._bounds = list(accumulate(counts))
        self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        self._keys = memoryview(self._map).cast("q")

    def has(self, user: int, key: int) -> bool:
        """Whether a row has these first two numbers."""
        part = user % PARTS
        low, high = self._bounds[part], self._bounds[part + 1]
        at = bisect_left(self._keys, key, low, high)
        return at < high and self._keys[at] == key

    def close(self) -> None:
        """Drop everything."""
        self._keys.release()
        self._map.close()
        with suppress(OSError):  # a disk that is full has been told
            self._file.close()
