"""Read the records of a JSON file one by one, with bounded memory: lines, arrays, Graph's pages."""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final, Protocol

from claimsctl.signin.record_scan import RecordScanner
from claimsctl.signin.text_source import RECORD_MAX

PART: Final = 1 << 18
"""The number of characters to read at a time."""

_SCALAR: Final = r'(?:"(?:[^"\\]|\\.)*+"|[-+.\w]++)'
_MEMBER: Final = rf'"(?:[^"\\]|\\.)*+"\s*+:\s*+{_SCALAR}\s*+'
_WRAPPER: Final = re.compile(
    rf'\{{\s*+(?:{_MEMBER},\s*+)*"(?:value|records|events|results)"\s*+:\s*+\[', re.IGNORECASE
)
"""The beginning of a page of Graph, an Event Hub message, an array of Windows PowerShell, or an
answer of CloudWatch Logs."""
_WRAPPER_TAIL: Final = re.compile(rf"(?:{_MEMBER},?\s*+)*+\}}?")
"""The members that follow a page's records, such as @odata.nextLink, and its end."""
_BETWEEN: Final = re.compile(r"[\s,\]\x00]*")
_NEXT_OBJECT: Final = re.compile(r"[}\]\"\n]\s*,?\s*(?=\{)")
_FIRST_NAMES: Final = re.compile(rf'\{{\s*+"(\w++)"\s*+:\s*+(?:{_SCALAR}\s*+,\s*+"(\w++)")?')
_raw_decode: Final = json.JSONDecoder().raw_decode
_TOKEN_MAX: Final = 16
"""More than the length of a literal or an escape, which the end may cut."""
_FIRST_NAME: Final = re.compile(r'\{\s*+"\w++"')
_SYNTAX_TAIL: Final = 4096
_RECORD_NAMES: Final = {"correlationId", "CorrelationId"}


class Unreadable(StrEnum):
    """Why a part of a file is not a sign-in record."""

    NOT_JSON = "not-json"
    NOT_A_SIGN_IN = "not-a-sign-in"
    CUT_OFF = "cut-off"
    """The file ends in the middle of compressed data."""
    COLUMNS = "columns"
    """A CSV row with another number of fields than the header."""
    LISTENERS = "listeners"
    """The column of event listeners is unreadable."""


class TextSource(Protocol):
    """Text to read part by part."""

    def read(self, size: int, /) -> str:
        """Read at most `size` characters; empty at the end."""

    def readline(self, size: int, /) -> str:
        """Return the rest of a line, at most `size` characters."""


def records_in_line(line: str) -> Iterator[Any]:
    """Yield the objects in a JSON line; `Unreadable` for an invalid line."""
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
        """How the newest value began, if with a name that no page begins with."""
        self._source = source
        self.ended = False

    def fill(self) -> bool:
        """Drop the processed text and read more; return whether there was more."""
        rest = self.text[self.at :]
        more = self._source.read(max(PART, len(rest)))
        self.ended = not more
        self.text, self.at = rest + more, 0
        return bool(more)

    def value(self) -> Any:
        """Return the value that begins here, or `Unreadable.NOT_JSON` if it is invalid."""
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
        """Return whether the text ends before the value does."""
        is_at_end = error.pos >= len(self.text) - _TOKEN_MAX
        return is_at_end or error.msg.startswith("Unterminated string")

    def _is_another(self) -> bool:
        """Return whether a value begins like the newest one, which was not a page."""
        return self._beginning != "" and self.text.startswith(self._beginning, self.began)

    def enter(self) -> bool:
        """Go to the next value, also in arrays and pages; return whether there is one."""
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
        """Skip what `pattern` matches, across parts; return whether it matched."""
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
    """Yield the objects of the JSON text that begins with `head`: an array, pages, or objects.

    Yields `Unreadable` for each part that is not JSON, and continues with the next object that is.
    With a `scanner`, sign-ins of a known form are not parsed.
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
    """The border between two records of an array: the second begins with the same members."""

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
            if not pattern.search(text):  # it must not be inside of a record
                self._pattern = pattern

    @property
    def is_known(self) -> bool:
        """Whether a border is known."""
        return self._pattern is not None

    def find(self, text: str, at: int) -> re.Match[str] | None:
        """Return the next border in `text`."""
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
    """Yield the sign-ins that follow one another and that `scanner` can read."""
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
