"""Detection of values that are valid but probably unintended, counted by column.

They are warnings, since they may be intended. Only the first reading of a file counts them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from claimsctl.claims_file.problem import shown
from claimsctl.claims_file.record import Record

_LINES_SHOWN = 3
_COLUMNS_KEPT = 1000
_KNOWN_VALUES = 4096
_KNOWN_LENGTH = 64

_NULLS = frozenset({
    "null", "(null)", "[null]", "<null>", "\\n", "none", "nil", "nan", "n/a", "#n/a", "undefined",
    "dbnull", "system.dbnull",
})  # fmt: skip
"""How databases, spreadsheets and programs write a missing value, in lower case."""

_TYPE_NAME = re.compile(
    r"System\.[\w.]+(?:`\d+)?(?:\[.*\])?"
    r"|Microsoft\.[\w.]+\.\w+(?:\[\])?"
    r"|\[object \w+\]"
    r"|<class '.*'>|<[\w.]+ object at 0x[0-9a-fA-F]+>"
    r"|\[?L?java\.[\w.$;]+(?:@[0-9a-f]+)?"
    r"|@\{.*\}"
)
"""What .NET, PowerShell, JavaScript, Python and Java write in place of an object's value."""

_SPREADSHEET_ERROR = re.compile(r"#(?:REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!)")
_LOST_CHARACTER = re.compile(r"\w\?\w|\ufffd|\u00c3[\u0080-\u00bf]|\u00e2\u20ac")
_LINK = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(slots=True)
class Warned:
    """Values of one column that are implausible for the same reason."""

    column: str
    what: str
    advice: str
    example: str
    count: int = 0
    lines: list[int] = field(default_factory=list)

    def text(self) -> str:
        """Return the warning on one line."""
        values = "1 value" if self.count == 1 else f"{self.count} values"
        lines = ", ".join(map(str, self.lines))
        more = ", …" if self.count > len(self.lines) else ""
        where = f"line {lines}" if self.count == 1 else f"lines {lines}{more}"
        found = f"{self.what} in {values}, such as {self.example} ({where})"
        return f"{self.column}: {found}; {self.advice}"


class Plausibility:
    """The implausible values in valid rows."""

    def __init__(self) -> None:
        self._warned: dict[tuple[str, str, str], Warned] = {}
        self._plausible: set[str] = set()

    def examine(self, record: Record) -> None:
        """Count the implausible values in the claims of `record`."""
        plausible = self._plausible
        for name, value in record.claims.items():
            if isinstance(value, str):
                if value not in plausible:
                    self._examine(name, value, record.line)
            else:
                for part in value:
                    if part not in plausible:
                        self._examine(name, part, record.line)

    def add(self, field_name: str, example: str, line: int, what: str, advice: str) -> None:
        """Count one value."""
        key = (field_name, what, advice)
        warned = self._warned.get(key)
        if warned is None:
            if len(self._warned) >= _COLUMNS_KEPT:
                return
            warned = self._warned[key] = Warned(field_name, what, advice, shown(example))
        warned.count += 1
        if len(warned.lines) < _LINES_SHOWN:
            warned.lines.append(line)

    @property
    def warnings(self) -> list[Warned]:
        """All warnings, in the order in which they were found."""
        return list(self._warned.values())

    def _examine(self, name: str, text: str, line: int) -> None:
        is_plausible = True
        for what, advice in suspicions(text):
            is_plausible = False
            self.add(name, text, line, what, advice)
        if is_plausible and len(text) <= _KNOWN_LENGTH and len(self._plausible) < _KNOWN_VALUES:
            self._plausible.add(text)


def suspicions(text: str) -> Iterator[tuple[str, str]]:
    """Yield what is implausible about `text`, each with what to do about it."""
    if not text:
        return
    first = text[0]
    if first.isspace() or text[-1].isspace():
        yield "leading or trailing blanks", "to remove them, add --trim"
    elif first in "([<\\#nNuUdDsS" and text.casefold() in _NULLS:
        yield "a word for a missing value", f"to read it as empty, add --null '{text}'"
        return
    if first in "SM[<@jL" and _TYPE_NAME.fullmatch(text):
        yield (
            "the name of a type instead of a value",
            "export the value of the property (in PowerShell: Select-Object with an expression)",
        )
    if first == "'" and not text.endswith("'"):
        yield (
            "a leading apostrophe, as spreadsheets use to mark text,",
            "remove it and export the file again",
        )
    if first == "#" and _SPREADSHEET_ERROR.fullmatch(text):
        yield "a spreadsheet error", "correct the formula and export the file again"
    if (
        ("?" in text or not text.isascii())
        and _LOST_CHARACTER.search(text)
        and not _LINK.match(text)
    ):
        yield (
            "characters damaged by a wrong encoding",
            "export the file again as UTF-8",
        )
