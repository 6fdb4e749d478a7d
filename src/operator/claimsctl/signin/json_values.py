"""The records of a JSON file, one by one: JSON lines, arrays, Graph's pages; memory is bounded."""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final, Protocol

from claimsctl.signin.record_scan import RecordScanner
from claimsctl.signin.text_source import RECORD_MAX

PART: Final = 1 << 18
"""Characters read at a time."""

_SCALAR: Final = r'(?:"(?:[^"\\]|\\.)*+"|[-+.\w]++)'
_MEMBER: Final = rf'"(?:[^"\\]|\\.)*+"\s*+:\s*+{_SCALAR}\s*+'
_WRAPPER: Final = re.compile(
    rf'\{{\s*+(?:{_MEMBER},\s*+)*"(?:value|records|events|results)"\s*+:\s*+\[', re.IGNORECASE
)
"""The beginning of Graph's page, an Event Hub message, Windows PowerShell's array or the answers of
CloudWatch Logs."""
_WRAPPER_TAIL: Final = re.compile(rf"(?:{_MEMBER},?\s*+)*+\}}?")
"""The members that follow a page's records, such as @odata.nextLink, and its end."""
_BETWEEN: Final = re.compile(r"[\s,\]\x00]*")
_NEXT_OBJECT: Final = re.compile(r"[}\]\"\n]\s*,?\s*(?=\{)")
_FIRST_NAMES: Final = re.compile(rf'\{{\s*+"(\w++)"\s*+:\s*+(?:{_SCALAR}\s*+,\s*+"(\w++)")?')
_raw_decode: Final = json.JSONDecoder().raw_decode
_TOKEN_MAX: Final = 16
"""Longer than a literal or an escape, which an end may cut."""
_FIRST_NAME: Final = re.compile(r'\{\s*+"\w++"')
_SYNTAX_TAIL: Final = 4096
_RECORD_NAMES: Final = {"correlationId", "CorrelationId"}


class Unreadable(StrEnum):
    """Why a part of a file is no sign-in record."""

    NOT_JSON = "not-json"
    NOT_A_SIGN_IN = "not-a-sign-in"
    CUT_OFF = "cut-off"
    """The file ends in the middle of compressed data."""
    COLUMNS = "columns"
    """A CSV row with another number of fields than the header."""
    LISTENERS = "listeners"
    """The column of event listeners is not readable."""


class TextSource(Protocol):
    """Text that is read part by part."""

    def read(self, size: int, /) -> str:
        """At most `size` characters; empty at the end."""

    def readline(self, size: int, /) -> str:
        """The rest of a line, at most `size` characters."""


def records_in_line(line: str) -> Iterator[Any]:
    """The objects of one of the JSON lines; `Unreadable` for a line that is none."""
    if line.isspace():
        return
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        yield Unreadable.NOT_JSON
        return
    yield from _unwrapped(value)


def _unwrapped(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name in ("records", "value"):
            if isinstance(value.get(name), list):
                yield from value[name]
                return
        yield value
    elif isinstance(value, list):
        yield from value
    else:
        yield Unreadable.NOT_A_SIGN_IN


class Window:
    """The part of a text that is being read."""

    def __init__(self, text: str, source: TextSource) -> None:
        self.text = text
        self.at = 0
        self.began = 0
        """Where the newest value begins."""
        self._beginning = ""
        """How the newest value began: with a name that no page begins with."""
        self._source = source
        self.ended = False

    def fill(self) -> bool:
        """Drop what is read and add at least as much again; whether there was more."""
        rest = self.text[self.at :]
        more = self._source.read(max(PART, len(rest)))
        self.ended = not more
        self.text, self.at = rest + more, 0
        return bool(more)

    def value(self) -> Any:
        """The value that begins here, read to its end; `Unreadable.NOT_JSON` for what is none."""
        while True:
            self.began = self.at
            try:
                value, self.at = _raw_decode(self.text, self.at)
            except RecursionError:
                return Unreadable.NOT_JSON
            except json.JSONDecodeError as error:
                is_short = len(self.text) - self.at < RECORD_MAX
                if not (is_short and self._is_cut(error) and self.fill()):
                    return Unreadable.NOT_JSON
            else:
                if not self._is_another() and (first := _FIRST_NAME.match(self.text, self.began)):
                    self._beginning = first[0]
                return value

    def _is_cut(self, error: json.JSONDecodeError) -> bool:
        """Whether the text ends before the value does."""
        is_at_end = error.pos >= len(self.text) - _TOKEN_MAX
        return is_at_end or error.msg.startswith("Unterminated string")

    def _is_another(self) -> bool:
        """Whether a value begins as the newest one did, which was no page."""
        return self._beginning != "" and self.text.startswith(self._beginning, self.began)

    def enter(self) -> bool:
        """Go to the next value, into arrays and pages; whether there is one."""
        while True:
            self.skip(_BETWEEN)
            self.began = self.at
            if self._is_another():
                return True
            if self.at >= len(self.text):
                return False
            if not self.ended and len(self.text) - self.at < _SYNTAX_TAIL:
                self.fill()
            begin = self.text[self.at]
            if begin == "[":
                self.at += 1
            elif begin == "{" and (wrapper := _WRAPPER.match(self.text, self.at)):
                self.at = wrapper.end()
            elif begin not in '}"' or not self.skip(_WRAPPER_TAIL):
                return True

    def resynchronise(self) -> None:
        """Go to the next place where an object may begin."""
        while True:
            found = _NEXT_OBJECT.search(self.text, self.at + 1)
            if found:
                self.at = found.end()
                return
            self.at = len(self.text)
            if not self.fill():
                return

    def skip(self, pattern: re.Pattern[str]) -> bool:
        """Skip what `pattern` matches, across parts; whether there was any."""
        skipped = False
        while True:
            match = pattern.match(self.text, self.at)
            if match:
                skipped = skipped or match.end() > self.at
                self.at = match.end()
            if self.at < len(self.text) or not self.fill():
                return skipped


def records_of_values(
    head: str, source: TextSource, scanner: RecordScanner | None = None
) -> Iterator[Any]:
    """The objects of a JSON text that begins with `head`: an array, pages, one object, or several.

    Yields `Unreadable` for each gap that is no JSON. What follows a gap is read on with the next
    object that parses. With a `scanner`, sign-ins of which it knows the form are not parsed.
    """
    window = Window(head, source)
    border = _Border()
    in_gap = False
    while window.enter():
        if scanner is not None and not in_gap:
            yield from _scanned(window, border, scanner)
        value = window.value()
        if value is Unreadable.NOT_JSON:
            if not in_gap:
                yield value
            in_gap = True
            window.resynchronise()
            continue
        is_object = isinstance(value, dict)
        if in_gap and not (is_object and _RECORD_NAMES & value.keys()):
            continue  # a part of the record that does not parse
        in_gap = False
        if scanner is not None and is_object:
            text = window.text[window.began : window.at]
            border.learn(text)
            scanner.learn(text, value)
        yield value if is_object else Unreadable.NOT_A_SIGN_IN


class _Border:
    """What is between two records of an array: the second begins with the same members."""

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()
        self._pattern: re.Pattern[str] | None = None
        self._literal = ""

    def learn(self, text: str) -> None:
        """Expect records that begin as `text` does."""
        first = _FIRST_NAMES.match(text)
        names = first.groups("") if first else ()
        if names == self._names:
            return
        self._names = names
        self._pattern = None
        self._literal = ""
        if names:
            second = rf'{_SCALAR}\s*+,\s*+"{names[1]}"' if names[1] else ""
            pattern = re.compile(rf'\}}\s*+,\s*+(?=(\{{\s*+"{names[0]}"\s*+:\s*+){second})')
            if not pattern.search(text):  # nor may it be inside of one
                self._pattern = pattern

    @property
    def is_known(self) -> bool:
        """Whether anything can be found."""
        return self._pattern is not None

    def find(self, text: str, at: int) -> re.Match[str] | None:
        """The next border in `text`."""
        if self._pattern is None:
            return None
        if not self._literal:
            if found := self._pattern.search(text, at):
                self._literal = found[0] + found[1]  # faster to find than the pattern
            return found
        while (at := text.find(self._literal, at)) >= 0:
            if found := self._pattern.match(text, at):
                return found
            at += 1
        return None


def _scanned(window: Window, border: _Border, scanner: RecordScanner) -> Iterator[Any]:
    """The sign-ins that follow one another and that `scanner` can read."""
    while border.is_known:
        found = border.find(window.text, window.at)
        if found is None:
            if window.ended or len(window.text) - window.at > PART:
                return
            window.fill()
            continue
        sign_in = scanner.scan(window.text[window.at : found.start() + 1])
        if sign_in is None:
            return
        window.at = found.end()
        yield sign_in
