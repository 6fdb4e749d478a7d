"""Problems of one field of a row, or of a file from some line on."""

import json
from dataclasses import dataclass
from pathlib import Path

from claimsctl.text import in_quotes

WHOLE_ROW = ""
"""The field name of a problem that concerns the whole row."""

_SHOWN_CHARACTERS = 80


class FieldProblem(Exception):  # noqa: N818  # a finding about the file, which is collected
    """A problem of one field: its name, what was found and what was expected."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Unreadable(Exception):  # noqa: N818  # likewise
    """The rest of a file, from `line` on, cannot be split into rows; has the reason as text."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of one field of a row; `field` may be `WHOLE_ROW`."""

    row: int
    line: int
    field: str
    message: str

    def text(self, path: Path) -> str:
        """Return the problem with its location, on one line."""
        where = f"{path}:{self.line}: {self.field}" if self.field else f"{path}:{self.line}"
        return f"{where}: {self.message}"


class FirstProblems:
    """The number of problems, and the first ones by row."""

    def __init__(self, shown: int) -> None:
        self._shown = shown
        self._first: list[Problem] = []
        self.count = 0

    def add(self, problem: Problem) -> None:
        """Count `problem`, and keep it if it may be one of the first."""
        self.count += 1
        self._first.append(problem)
        if len(self._first) > 2 * self._shown + 100:
            self._first = self.first()

    def first(self) -> list[Problem]:
        """Return the first problems."""
        return sorted(self._first, key=lambda problem: problem.row)[: self._shown]


def shown(value: object) -> str:
    """Return a string in quotes, or another value preceded by its JSON type."""
    match value:
        case None:
            return "null"
        case str():
            return _cut(in_quotes(value))
        case bool():
            kind = "boolean"
        case int() | float():
            kind = "number"
        case list():
            kind = "list"
        case _:
            kind = "object"
    try:
        return f"the {kind} {_cut(json.dumps(value, ensure_ascii=False, default=str))}"
    except RecursionError:
        return f"a deeply nested {kind}"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
