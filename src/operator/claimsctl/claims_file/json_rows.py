"""Reading of JSON Lines, and of JSON values in sequence or in an array, as rows of fields."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from io import TextIOWrapper
from typing import Any, NoReturn

from claimsctl.claims_file.formats import is_envelope
from claimsctl.claims_file.problem import WHOLE_ROW, FieldProblem, Unreadable
from claimsctl.claims_file.record import FileRow

_BLOCK_CHARACTERS = 1 << 16
_VALUE_CHARACTERS_MAX = 1 << 22
_BLANKS = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"[-+.0-9eE]*")
_TOO_DEEP = "the JSON is nested too deeply, or contains a number that is too long"


class RepeatedName(dict[str, Any]):
    """A JSON object in which a name appears more than once."""

    name: str


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    repeated = RepeatedName(fields)
    counts = Counter(name for name, _ in pairs)
    repeated.name = next(name for name, count in counts.items() if count > 1)
    return repeated


_decoder = json.JSONDecoder(object_pairs_hook=_unique_pairs)


def json_lines(lines: Iterator[str]) -> Iterator[FileRow]:
    """Yield the value on each line that is not blank."""
    decode = _decoder.decode
    number = 0
    for line, text in enumerate(lines, start=1):
        if not text.isspace():
            number += 1
            try:
                value: object = decode(text)
            except json.JSONDecodeError as error:
                message = f"not a JSON object on one line: {error.msg} (column {error.colno})"
                value = FieldProblem(WHOLE_ROW, message)
            except (ValueError, RecursionError):
                value = FieldProblem(WHOLE_ROW, _TOO_DEEP)
            yield FileRow(number, line, text, value)


def json_values(beginning: str, text: TextIOWrapper) -> Iterator[FileRow]:
    """Yield the values of an array or a sequence without reading all of it into memory.

    Raises `Unreadable` at invalid JSON.
    """
    window = _Window(beginning, text)
    if window.next_character() == "{" and window.is_envelope():
        yield from _enveloped(window)
        return
    if window.next_character() != "[":
        while window.next_character():
            yield window.value()
        return
    yield from _array(window)
    if window.next_character():
        window.stop("unexpected content after the end of the array")


def _enveloped(window: "_Window") -> Iterator[FileRow]:
    """Yield the members of each array in an object; other members are not rows."""
    window.skip()
    closed = False
    while not closed:
        window.name()
        if window.next_character() == "[":
            yield from _array(window)
        else:
            window.pass_over()
        match window.next_character():
            case ",":
                window.skip()
            case "}":
                closed = True
            case _:
                window.stop("the object has no end; the file may be incomplete")
    window.skip()
    if window.next_character():
        window.stop("unexpected content after the end of the object")


def _array(window: "_Window") -> Iterator[FileRow]:
    window.skip()
    closed = window.next_character() == "]"
    while not closed:
        yield window.value()
        match window.next_character():
            case ",":
                window.skip()
            case "]":
                closed = True
            case "":
                window.stop("the array has no end; the file may be incomplete")
            case _:
                window.stop("expected a comma, or ] at the end of the array")
    window.skip()


class _Window:
    """The part of the text that is being decoded."""

    def __init__(self, beginning: str, text: TextIOWrapper) -> None:
        self._text = text
        self._buffer = beginning
        self._at = 0
        self._line = 1
        self._number = 0
        self._columns_dropped = 0
        self._ended = False

    def next_character(self) -> str:
        """Return the next character that is not blank, or an empty string at the end."""
        while True:
            match = _BLANKS.match(self._buffer, self._at)
            end = self._at if match is None else match.end()
            self._line += self._buffer.count("\n", self._at, end)
            self._at = end
            if end < len(self._buffer):
                return self._buffer[end]
            if self._ended:
                return ""
            self._read_on()

    def skip(self) -> None:
        """Skip the next character."""
        self._at += 1

    def is_envelope(self) -> bool:
        """Return whether the object that begins here has an array of rows."""
        if len(self._buffer) - self._at < _BLOCK_CHARACTERS and not self._ended:
            self._read_on()
        return is_envelope(self._buffer[self._at : self._at + _BLOCK_CHARACTERS])

    def name(self) -> None:
        """Skip a member's name and its colon. Raises `Unreadable`."""
        self.pass_over()
        if self.next_character() != ":":
            self.stop("expected a colon after the name")
        self.skip()

    def pass_over(self) -> None:
        """Skip a value that is not a row. Raises `Unreadable`."""
        self.value()
        self._number -= 1

    def value(self) -> FileRow:
        """Read the next value. Raises `Unreadable`."""
        self.next_character()
        while True:
            try:
                value, end = _decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if self._ended or len(self._buffer) - self._at > _VALUE_CHARACTERS_MAX:
                    self.stop(f"not valid JSON: {error.msg}", error.pos)
            except (ValueError, RecursionError):
                self.stop(_TOO_DEEP)
            else:
                if self._ended or not self._may_go_on(value, end):
                    break
            self._read_on()
        line, text = self._line, self._buffer[self._at : end]
        self._line += text.count("\n")
        self._at = end
        self._number += 1
        return FileRow(self._number, line, text, value)

    def stop(self, message: str, position: int | None = None) -> NoReturn:
        """Raise `Unreadable` for a problem at `position`, by default the current one."""
        position = self._at if position is None else position
        line = self._line + self._buffer.count("\n", self._at, position)
        line_start = self._buffer.rfind("\n", 0, position)
        column = position - line_start if line_start >= 0 else self._columns_dropped + position + 1
        raise Unreadable(line, f"{message} (column {column})") from None

    def _may_go_on(self, value: object, end: int) -> bool:
        """Return whether the number up to `end` may continue in the next block."""
        if not isinstance(value, int | float):
            return False
        match = _NUMBER.match(self._buffer, end)
        return match is None or match.end() == len(self._buffer)

    def _read_on(self) -> None:
        dropped, kept = self._buffer[: self._at], self._buffer[self._at :]
        line_start = dropped.rfind("\n")
        before = 0 if line_start >= 0 else self._columns_dropped
        self._columns_dropped = before + len(dropped) - line_start - 1
        block = self._text.read(max(_BLOCK_CHARACTERS, len(kept)))
        self._ended = not block
        self._buffer = kept + block
        self._at = 0
