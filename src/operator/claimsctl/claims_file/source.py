"""Reading of a file as text: decompressed, verified to be UTF-8, hashed and counted."""

import gzip
import hashlib
import io
import os
import stat
import sys
import tempfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Self

from claimsctl.claims_file.temporary_database import temporary_file_errors
from claimsctl.errors import OperatorError

BytesRead = Callable[[int, int | None], None]
"""Called with the number of bytes read so far, and the file's size if it is known."""

_STDIN = "-"
_BLOCK_BYTES = 1 << 17
_LINE_BYTES_MAX = 1 << 24
_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_SAVE_AS = 'save the file as UTF-8 (Excel: "CSV UTF-8")'
_OTHERS = {
    b"\xff\xfe": f"UTF-16; {_SAVE_AS}",
    b"\xfe\xff": f"UTF-16; {_SAVE_AS}",
    b"PK\x03\x04": f"a zip archive, such as an Excel workbook; {_SAVE_AS}",
}
"""The first bytes of files that are often passed by mistake."""


class InputFile:
    """A file that can be read several times, even if it is standard input or a pipe.

    The file stays open, so that replacing it does not change what is read. Standard input, a pipe
    or a device is copied, while it is read, to a temporary file that is removed when the process
    ends. A context manager.
    """

    def __init__(self, path: Path) -> None:
        """`path` may be ``-``: standard input. Raises `OperatorError` when it cannot be opened."""
        self.path = path
        self._stream: BinaryIO | None = None
        self._stored: BinaryIO | FileIO
        self._copied = 0
        self._ended = False
        self.size: int | None = None
        """The size of a regular file when it was opened."""
        if str(path) == _STDIN:
            self._stream = sys.stdin.buffer
        else:
            try:
                opened = path.open("rb", buffering=0)
            except OSError as error:
                raise _unreadable(path, error) from None
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                self._stream = opened
            else:
                self._stored = opened
                self.size = status.st_size or None
        if self._stream is not None:
            with temporary_file_errors(path):
                self._stored = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `close`

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and its copy, if any. Standard input stays open."""
        with suppress(OSError):  # a full disk, which has already been reported
            self._stored.close()
        if self._stream is not None and self._stream is not sys.stdin.buffer:
            self._stream.close()

    def read(self, count: int, offset: int) -> bytes:
        """Read at most `count` bytes at `offset`; none at the end. Raises `OperatorError`."""
        try:
            if self._stream is None or offset < self._copied or self._ended:
                return os.pread(self._stored.fileno(), count, offset)
            block = self._stream.read(count)
        except OSError as error:
            raise _unreadable(self.path, error) from None
        with temporary_file_errors(self.path):
            self._stored.write(block)
            self._stored.flush()
        self._copied += len(block)
        self._ended = not block
        return block


def _unreadable(path: Path, error: OSError) -> OperatorError:
    return OperatorError(f"{path}: cannot be read: {error.strerror}")


class Source:
    """One reading of a file from its beginning."""

    text: io.TextIOWrapper
    """Without the byte order mark, with unchanged line ends."""

    def __init__(self, file: InputFile, progress: BytesRead = lambda _read, _total: None) -> None:
        """Raises `OperatorError`, also while the text is read."""
        self._bytes = _CountedBytes(file, progress)
        raw = io.BufferedReader(self._bytes, _BLOCK_BYTES)
        is_gzip = raw.peek(2)[:2] == _GZIP
        self._guard = _Guard(file.path, gzip.GzipFile(fileobj=raw) if is_gzip else raw)
        buffered = io.BufferedReader(self._guard, _BLOCK_BYTES)
        self.text = io.TextIOWrapper(buffered, "utf-8", newline="")

    def allow_long_lines(self) -> None:
        """Lift the limit of the line length, for formats that are not read by line."""
        self._guard.line_bytes_max = sys.maxsize

    def finish(self) -> tuple[str, int]:
        """Read to the end; return the SHA-256 and the number of the stored bytes."""
        block = bytearray(_BLOCK_BYTES)
        while self._bytes.readinto(block):
            pass
        return self._bytes.digest.hexdigest(), self._bytes.count


class _CountedBytes(io.RawIOBase):
    """The file's bytes before decompression, hashed and counted."""

    def __init__(self, file: InputFile, progress: BytesRead) -> None:
        super().__init__()
        self._file = file
        self._progress = progress
        self.digest = hashlib.sha256()
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, block: "bytearray | memoryview") -> int:  # type: ignore[override]
        data = self._file.read(len(block), self.count)
        block[: len(data)] = data
        self.digest.update(data)
        self.count += len(data)
        self._progress(self.count, self._file.size)
        return len(data)


class _Guard(io.RawIOBase):
    """The decompressed bytes; each block is checked before it is decoded."""

    def __init__(self, path: Path, file: io.BufferedIOBase) -> None:
        super().__init__()
        self._path = path
        self._file = file
        self._lines = 0
        self._line_bytes = 0
        self._rest = b""
        self._first = True
        self.line_bytes_max = _LINE_BYTES_MAX

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        block = self._read(len(buffer))
        if self._first:
            self._first = False
            self._check_beginning(block)
            if block.startswith(_UTF8_MARK):
                block = block[len(_UTF8_MARK) :] or self._read(len(buffer))
        self._check(block)
        buffer[: len(block)] = block
        return len(block)

    def _read(self, count: int) -> bytes:
        try:
            return self._file.read(count)
        except (gzip.BadGzipFile, zlib.error):
            message = (
                f"{self._path}: the gzip file is damaged after line {self._lines}; compress the"
                " file again"
            )
        except EOFError:
            message = (
                f"{self._path}: the gzip file ends unexpectedly after line {self._lines}; copy or "
                f"compress it again"
            )
        raise OperatorError(message) from None

    def _check_beginning(self, block: bytes) -> None:
        for mark, what in _OTHERS.items():
            if block.startswith(mark):
                message = f"{self._path}: expected UTF-8 text, found {what}"
                raise OperatorError(message)
        if b"\0" in block[:4]:
            message = (
                f"{self._path}: expected UTF-8 text, found UTF-16, UTF-32 or a binary file;"
                f" {_SAVE_AS}"
            )
            raise OperatorError(message)

    def _check(self, block: bytes) -> None:
        if (nul := block.find(b"\0")) >= 0:
            message = f"{self._line(block, nul)}: expected text, found a NUL byte; {_SAVE_AS}"
            raise OperatorError(message)
        text = self._rest + block
        try:
            text.decode()
        except UnicodeDecodeError as error:
            if error.end < len(text) or error.reason != "unexpected end of data" or not block:
                at = error.start - len(self._rest)
                byte = f"0x{text[error.start]:02x}"
                message = (
                    f"{self._line(block, max(at, 0))}: byte {byte} is not valid UTF-8; {_SAVE_AS}"
                )
                raise OperatorError(message) from None
            self._rest = text[error.start :]
        else:
            self._rest = b""
        self._count_lines(block)

    def _count_lines(self, block: bytes) -> None:
        mark = b"\n" if b"\n" in block else b"\r"
        count = block.count(mark)
        self._lines += count
        self._line_bytes = (
            len(block) - block.rfind(mark) if count else self._line_bytes + len(block)
        )
        if self._line_bytes > self.line_bytes_max:
            message = (
                f"{self._path}:{self._lines + 1}: the line is longer than "
                f"{_LINE_BYTES_MAX >> 20} MB; expected one row per line"
            )
            raise OperatorError(message)

    def _line(self, block: bytes, position: int) -> str:
        mark = b"\n" if b"\n" in block else b"\r"
        return f"{self._path}:{self._lines + block.count(mark, 0, position) + 1}"
