"""What is wrong with one field of a row, or with a file from some line on."""

import json
from dataclasses import dataclass
from pathlib import Path

WHOLE_ROW = ""
"""In place of a field's name, for what is wrong with the row as a whole."""

_SHOWN_CHARACTERS = 80


class FieldProblem(Exception):  # noqa: N818  # a finding about a cell, collected, not an error of ours
    """What is wrong with one field: its name, what was found, what is expected."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Unreadable(Exception):  # noqa: N818  # likewise
    """Why the rest of a file, from `line` on, cannot be split into rows."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of a row; `field` may be `WHOLE_ROW`."""

    row: int
    line: int
    field: str
    message: str

    def text(self, path: Path) -> str:
        """The problem on one line, with its place."""
        where = f"{path}:{self.line}: {self.field}" if self.field else f"{path}:{self.line}"
        return f"{where}: {self.message}"


class FirstProblems:
    """How many problems there are, and the first ones by row."""

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
        """The first ones."""
        return sorted(self._first, key=lambda problem: problem.row)[: self._shown]


def shown(value: object) -> str:
    """A string as it is; what is none after the name of its type in JSON."""
    match value:
        case None:
            return "null"
        case str():
            return _cut(repr(value))
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
