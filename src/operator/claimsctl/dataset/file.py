"""A file of claims → its records, or every problem in it by line and column.

Two formats, told apart by content: JSON lines (the first character is ``{``) and CSV with a heading
(comma, semicolon or tab, as Excel writes it: a byte order mark and quoted line breaks included).
"""

import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from claims_provider.claims.key import LayerKey

from claimsctl.dataset.columns import RESERVED, USER, check_claim_name
from claimsctl.dataset.fields import Fields, read_cells, read_record
from claimsctl.dataset.problem import FieldProblem
from claimsctl.dataset.record import Record
from claimsctl.errors import OperatorError

_SEPARATORS = (",", ";", "\t")
_PROBLEMS_SHOWN = 20
_WHOLE_ROW = ""
_CELL_CHARACTERS_MAX = 512 * 1024
_HEADING_CHARACTERS = 200

Row = tuple[int, Fields | FieldProblem]
"""A row's line and its fields, or what is wrong with it."""


def read_claims_file(path: Path, default_tenant: str | None = None) -> list[Record]:
    """All records of the file at `path` (``-``: standard input), checked, each key once.

    Raises `OperatorError` listing the problems: file, line, column, what was found and expected.
    """
    text = _read_text(path)
    if not text.strip():
        message = f"{path}: the file is empty; expected CSV with a heading, or JSON lines"
        raise OperatorError(message)
    if text.lstrip().startswith("["):
        message = f"{path}: a JSON array; expected JSON lines: an object a line, no commas between"
        raise OperatorError(message)
    rows = _json_rows(text) if text.lstrip().startswith("{") else _csv_rows(path, text)
    records: list[Record] = []
    problems: list[str] = []
    line_of: dict[LayerKey, int] = {}
    for line, fields in rows:
        try:
            record = _record(fields, default_tenant, line_of)
        except FieldProblem as problem:
            where = f"{path}:{line}: {problem.field}" if problem.field else f"{path}:{line}"
            problems.append(f"{where}: {problem}")
        else:
            line_of[record.key] = line
            records.append(record)
    if problems:
        raise _refusal(path, problems)
    return records


def _record(
    fields: Fields | FieldProblem, default_tenant: str | None, line_of: dict[LayerKey, int]
) -> Record:
    if isinstance(fields, FieldProblem):
        raise fields
    record = read_record(fields, default_tenant)
    if record.key in line_of:
        message = f"the same tenant, user and app as line {line_of[record.key]}"
        raise FieldProblem(USER, message)
    return record


def _read_text(path: Path) -> str:
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise OperatorError(message) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = (
            f"{path}:{line}: byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8 "
            f'(Excel: "CSV UTF-8")'
        )
        raise OperatorError(message) from None


def _csv_rows(path: Path, text: str) -> Iterator[Row]:
    heading = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=heading.count)
    csv.field_size_limit(_CELL_CHARACTERS_MAX)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    names = _heading(path, reader)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:  # the rest of the file cannot be told into rows
            yield line, _row_problem(f"not CSV: {error}")
            return
        if any(cells[len(names) :]):
            count = f"{len(cells)} cells, {len(names)} headings"
            yield line, _row_problem(f"{count}; quote cells that hold {separator!r}")
        elif any(cell and not name for name, cell in zip(names, cells, strict=False)):
            yield line, _row_problem("a cell in a column without a heading")
        elif any(cells):
            try:
                yield line, read_cells(dict(zip(names, cells, strict=False)))
            except FieldProblem as problem:
                yield line, problem


def _heading(path: Path, reader: Iterator[list[str]]) -> list[str]:
    try:
        names = [name.strip() for name in next(reader)]
    except csv.Error as error:
        message = f"{path}:1: the heading is not CSV: {error}"
        raise OperatorError(message) from None
    if USER not in names:
        message = (
            f"{path}:1: no column {USER!r} in the heading; expected {', '.join(RESERVED)} "
            f"and a column for each claim, found {', '.join(names)[:_HEADING_CHARACTERS]}"
        )
        raise OperatorError(message)
    named = [name for name in names if name]  # Excel writes columns that were once in use
    if (twice := _first_twice(named)) is not None:
        message = f"{path}:1: column {twice!r} stands twice in the heading"
        raise OperatorError(message)
    for name in [name for name in named if name not in RESERVED]:
        try:
            check_claim_name(name)
        except FieldProblem as problem:
            message = f"{path}:1: {name}: {problem}"
            raise OperatorError(message) from None
    return names


def _json_rows(text: str) -> Iterator[Row]:
    for line, row in enumerate(io.StringIO(text), start=1):
        if row.strip():
            yield line, _json_fields(row)


def _json_fields(row: str) -> Fields | FieldProblem:
    try:
        fields = json.loads(row, object_pairs_hook=_unique_pairs)
    except json.JSONDecodeError as error:
        message = f"not a JSON object on one line: {error.msg} (column {error.colno})"
        return _row_problem(message)
    except (ValueError, RecursionError):
        return _row_problem("JSON nested too deep, or with a number too long")
    except FieldProblem as problem:
        return problem
    if not isinstance(fields, dict):
        return _row_problem("expected a JSON object")
    if USER not in fields:
        return _row_problem(f'no field {USER!r}; give "" for the tenant\'s default')
    return fields


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if (twice := _first_twice([name for name, _ in pairs])) is not None:
        raise FieldProblem(twice, "stands twice in the row")
    return dict(pairs)


def _first_twice(names: list[str]) -> str | None:
    return next((name for name, count in Counter(names).items() if count > 1), None)


def _row_problem(message: str) -> FieldProblem:
    return FieldProblem(_WHOLE_ROW, message)


def _refusal(path: Path, problems: list[str]) -> OperatorError:
    shown = problems[:_PROBLEMS_SHOWN]
    if len(problems) > len(shown):
        shown.append(f"… and {len(problems) - len(shown)} more")
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return OperatorError(f"{path}: {count}, nothing written", lines=shown)
