"""Read the text of a file in any encoding, decompressed; a truncated file ends where it is cut.

Used for sign-in records and logs.
"""

import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from claimsctl.errors import OperatorError

RECORD_MAX: Final = 16 << 20
"""The maximum number of characters in a line or record; a sign-in has a few thousand."""
_GZIP: Final = b"\x1f\x8b"
_GZIP_WBITS: Final = 31
_PACKED_BYTES: Final = 1 << 16
_BUFFER: Final = 1 << 18
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


class FileText:
    """The decoded text of a file."""

    def __init__(self, raw: IO[bytes], name: str) -> None:
        self._name = name
        self._unpacked: _Unpacked | None = None
        buffered = _buffered(_Raw(raw))
        if buffered.peek(2)[:2] == _GZIP:
            self._unpacked = _Unpacked(buffered)
            buffered = _buffered(self._unpacked)
        encoding = _encoding(buffered.peek(2)[:2])
        self._text = io.TextIOWrapper(buffered, encoding, errors="replace", newline="\n")

    @property
    def is_cut(self) -> bool:
        """Whether the compressed data is incomplete."""
        return self._unpacked is not None and self._unpacked.is_cut

    def read(self, size: int, /) -> str:
        """Read at most `size` characters; empty at the end. Raises `OperatorError`."""
        try:
            return self._text.read(size)
        except OSError as error:
            raise self._unreadable(error) from None

    def readline(self, size: int = RECORD_MAX, /) -> str:
        """Read the rest of a line, at most `size` characters. Raises `OperatorError`."""
        try:
            return self._text.readline(size)
        except OSError as error:
            raise self._unreadable(error) from None

    def __iter__(self) -> Iterator[str]:
        while line := self.readline():
            yield line

    def _unreadable(self, error: OSError) -> OperatorError:
        message = f"{self._name}: cannot be read: {error.strerror}"
        return OperatorError(message)


def _encoding(first: bytes) -> str:
    """Return the encoding of a text by its first two bytes, which are ASCII characters."""
    if first in _UTF16:
        return "utf-16"
    if len(first) == len(_UTF16[0]) and first.count(0) == 1:
        return "utf-16-le" if first[1] == 0 else "utf-16-be"
    return "utf-8-sig"


def _buffered(raw: io.RawIOBase) -> "io.BufferedReader[io.RawIOBase]":
    return io.BufferedReader(raw, _BUFFER)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file at `path`, or standard input for ``-``. Raises `OperatorError`."""
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    try:
        raw = path.open("rb", buffering=0)
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise OperatorError(message) from None
    with raw:
        yield raw


class _Raw(io.RawIOBase):
    """A binary stream to buffer, which is not closed with its buffer."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = self._raw.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


class _Unpacked(io.RawIOBase):
    """The decompressed data of one or more gzip members, as far as they are valid."""

    def __init__(self, packed: "io.BufferedReader[io.RawIOBase]") -> None:
        self.is_cut = False
        self._packed = packed
        self._member = zlib.decompressobj(_GZIP_WBITS)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = b""
        while not content and not self.is_cut:
            packed = self._rest or self._packed.read(_PACKED_BYTES)
            if not packed:
                self.is_cut = not self._member.eof
                break
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP_WBITS)
            try:
                content = self._member.decompress(packed, len(buffer))
            except zlib.error:
                self.is_cut = True
            self._rest = self._member.unconsumed_tail or self._member.unused_data
        buffer[: len(content)] = content
        return len(content)
