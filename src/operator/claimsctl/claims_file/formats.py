"""A file's bytes → its text: decompressed, known to be UTF-8, hashed and counted on the way."""

import gzip
import hashlib
import io
import json
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from claimsctl.claims_file.schema import ClaimSchema
from claimsctl.errors import OperatorError

BytesRead = Callable[[int, int | None], None]
"""Called with the bytes read so far, and those of the file where they are known."""

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
"""Beginnings of what is often taken for a file of claims."""


class Source:
    """A file that is being read."""

    text: io.TextIOWrapper
    """Without byte order mark, line ends as they are."""

    def __init__(self, path: Path, file: BinaryIO, progress: BytesRead | None) -> None:
        self._tap = _Tap(path, file, progress)
        raw = io.BufferedReader(self._tap, _BLOCK_BYTES)
        is_gzip = raw.peek(2)[:2] == _GZIP
        self._guard = _Guard(path, gzip.GzipFile(fileobj=raw) if is_gzip else raw)
        buffered = io.BufferedReader(self._guard, _BLOCK_BYTES)
        self.text = io.TextIOWrapper(buffered, "utf-8", newline="")

    def allow_long_lines(self) -> None:
        """For formats that are not read by the line."""
        self._guard.line_bytes_max = sys.maxsize

    def finish(self) -> tuple[str, int]:
        """SHA-256 and number of the bytes as they are, read to the last."""
        block = bytearray(_BLOCK_BYTES)
        while self._tap.readinto(block):
            pass
        return self._tap.digest.hexdigest(), self._tap.count


@contextmanager
def open_source(path: Path, progress: BytesRead | None = None) -> Iterator[Source]:
    """The file at `path`; ``-``: standard input. Raises `OperatorError`, also while it is read."""
    try:
        file = sys.stdin.buffer if str(path) == "-" else path.open("rb")
    except OSError as error:
        raise _unreadable(path, error.strerror) from None
    try:
        yield Source(path, file, progress)
    finally:
        if file is not sys.stdin.buffer:
            file.close()


def _unreadable(path: Path, reason: object) -> OperatorError:
    return OperatorError(f"{path}: cannot be read: {reason}")


class _Tap(io.RawIOBase):
    """The file's own bytes, hashed and counted."""

    def __init__(self, path: Path, file: BinaryIO, progress: BytesRead | None) -> None:
        super().__init__()
        self._path = path
        self._file = file
        self._progress = progress
        self._total = None
        with suppress(OSError, ValueError):
            self._total = os.fstat(file.fileno()).st_size or None  # a pipe has none
        self.digest = hashlib.sha256()
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, block: "bytearray | memoryview") -> int:  # type: ignore[override]
        try:
            count = self._file.readinto(block)  # type: ignore[attr-defined]
        except OSError as error:
            raise _unreadable(self._path, error.strerror) from None
        self.digest.update(memoryview(block)[:count])
        self.count += count
        if self._progress is not None:
            self._progress(self.count, self._total)
        return int(count)


class _Guard(io.RawIOBase):
    """The decompressed bytes, each block looked at before anybody takes it for text."""

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
            message = f"{self._path}: damaged gzip after line {self._lines}; compress it again"
        except EOFError:
            message = (
                f"{self._path}: the gzip file ends too early, after line {self._lines}; "
                f"was it copied whole?"
            )
        raise OperatorError(message) from None

    def _check_beginning(self, block: bytes) -> None:
        for mark, what in _OTHERS.items():
            if block.startswith(mark):
                message = f"{self._path}: {what}"
                raise OperatorError(message)
        if b"\0" in block[:4]:
            message = f"{self._path}: UTF-16 or UTF-32, or no text; {_SAVE_AS}"
            raise OperatorError(message)

    def _check(self, block: bytes) -> None:
        if (nul := block.find(b"\0")) >= 0:
            message = f"{self._line(block, nul)}: a NUL byte, which no text has; {_SAVE_AS}"
            raise OperatorError(message)
        text = self._rest + block
        try:
            text.decode()
        except UnicodeDecodeError as error:
            if error.end < len(text) or error.reason != "unexpected end of data" or not block:
                at = error.start - len(self._rest)
                byte = f"0x{text[error.start]:02x}"
                message = f"{self._line(block, max(at, 0))}: byte {byte} is not UTF-8; {_SAVE_AS}"
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
                f"{self._path}:{self._lines + 1}: a line of more than {_LINE_BYTES_MAX >> 20} MB; "
                f"expected a row a line"
            )
            raise OperatorError(message)

    def _line(self, block: bytes, position: int) -> str:
        mark = b"\n" if b"\n" in block else b"\r"
        return f"{self._path}:{self._lines + block.count(mark, 0, position) + 1}"


LIST_SEPARATOR = "|"


class Format(StrEnum):
    """Formats of a file of claims, as ``--format`` names them."""

    CSV = "csv"
    TSV = "tsv"
    JSON_LINES = "jsonl"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the file does not say itself."""

    tenant: str | None = None
    """Canonical tenant id of rows that name none."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Reserved field → the heading that stands for it in the file."""
    list_separator: str = LIST_SEPARATOR
    format: Format | None = None
    """``None``: told by the file's content."""
    catalogue: ClaimSchema | None = None
    expires_at: int | None = None
    """Epoch seconds for rows that give none. Absolute, so that a resumed load says the same."""


_DELIMITERS = ",;\t"
_BEGINNING_CHARACTERS = 1 << 16
_QUOTED = re.compile(r'"[^"]*"')
_EXCELS_DELIMITER = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Beginning:
    """A format, and the lines that had to be read to tell."""

    format: Format
    lines: list[str]
    delimiter: str = ""
    skipped: int = 0
    """How many lines before them say nothing."""


def sniff(text: io.TextIOWrapper, given: Format | None) -> Beginning | None:
    """How `text` begins; ``None`` when there is nothing in it. A `given` format is not doubted."""
    lines: list[str] = []
    while not lines or not lines[-1].strip():
        line = text.readline(_BEGINNING_CHARACTERS)
        if not line:
            return None
        lines.append(line)
    begins = lines[-1].lstrip()
    format_ = given or _format(begins)
    if format_ is not Format.JSON and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += text.readline()
    if format_ is Format.JSON_LINES and given is None and _goes_on(lines[-1]):
        following = text.readline()
        lines += [following] if following else []
        format_ = Format.JSON if following.strip() else Format.JSON_LINES
    match format_:
        case Format.CSV:
            return _csv(lines)
        case Format.TSV:
            return Beginning(format_, lines[-1:], "\t", len(lines) - 1)
        case _:
            return Beginning(format_, lines)


def _format(begins: str) -> Format:
    return {"[": Format.JSON, "{": Format.JSON_LINES}.get(begins[0], Format.CSV)


def _goes_on(line: str) -> bool:
    """Whether an object begins on `line` that does not end there, as pretty printers write it."""
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        return error.pos >= len(line.rstrip())
    except (ValueError, RecursionError):
        pass
    return False


def _csv(lines: list[str]) -> Beginning:
    if match := _EXCELS_DELIMITER.fullmatch(lines[-1]):
        return Beginning(Format.CSV, [], match[1], len(lines))
    heading = _QUOTED.sub("", lines[-1])
    delimiter = max(_DELIMITERS, key=heading.count)
    format_ = Format.TSV if delimiter == "\t" else Format.CSV
    return Beginning(format_, lines[-1:], delimiter, len(lines) - 1)
