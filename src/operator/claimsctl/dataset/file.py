"""A file of claims → its records, or every problem in it by line and column.

Two formats, told apart by content: JSON lines (the first character is ``{``) and CSV with a heading
(comma, semicolon or tab, as Excel writes it: a byte order mark and quoted line breaks included).
"""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from claims_provider.claims.key import LayerKey

from claimsctl.dataset.fields import RESERVED, USER, FieldProblem, Fields, read_record
from claimsctl.dataset.record import Record
from claimsctl.errors import OperatorError

_SEPARATORS = (",", ";", "\t")
_PROBLEMS_SHOWN = 20
_WHOLE_ROW = ""
_CELL_CHARACTERS_MAX = 512 * 1024


Row = tuple[int, Fields | str]
"""A row's line and its fields, or what is wrong with it."""


def read_claims_file(path: Path, default_tenant: str | None = None) -> list[Record]:
    """All records of the file at `path`, checked, each key once.

    Raises `OperatorError` listing the problems: file, line, column, what was found and expected.
    """
    text = _read_text(path)
    if not text.strip():
        message = f"{path}: the file is empty; expected CSV with a heading, or JSON lines"
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
    fields: Fields | str, default_tenant: str | None, line_of: dict[LayerKey, int]
) -> Record:
    if isinstance(fields, str):
        raise FieldProblem(_WHOLE_ROW, fields)
    record = read_record(fields, default_tenant)
    if record.key in line_of:
        message = f"the same tenant, user and app as line {line_of[record.key]}"
        raise FieldProblem(USER, message)
    return record


def _read_text(path: Path) -> str:
    try:
        raw = path.read_bytes()
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
    names = [name.strip() for name in next(reader)]
    _check_heading(path, names)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:  # the rest of the file cannot be told into rows
            yield line, f"not CSV: {error}"
            return
        if len(cells) > len(names):
            yield (
                line,
                f"{len(cells)} cells, {len(names)} headings; quote cells that hold {separator!r}",
            )
        elif any(cells):
            yield line, dict(zip(names, cells, strict=False))


def _check_heading(path: Path, names: list[str]) -> None:
    if USER not in names:
        message = (
            f"{path}:1: no column {USER!r} in the heading; expected {', '.join(RESERVED)} "
            f"and a column for each claim, found {', '.join(names)}"
        )
        raise OperatorError(message)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = f"{path}:1: column {twice[0]!r} stands twice in the heading"
        raise OperatorError(message)


def _json_rows(text: str) -> Iterator[Row]:
    for line, row in enumerate(io.StringIO(text), start=1):
        if not row.strip():
            continue
        try:
            fields = json.loads(row)
        except ValueError as error:
            yield line, f"not JSON: {error}"
            continue
        if not isinstance(fields, dict):
            yield line, "expected a JSON object"
        elif USER not in fields:
            yield line, f'no field {USER!r}; give "" for the tenant\'s default'
        else:
            yield line, fields


def _refusal(path: Path, problems: list[str]) -> OperatorError:
    shown = problems[:_PROBLEMS_SHOWN]
    if len(problems) > len(shown):
        shown.append(f"… and {len(problems) - len(shown)} more")
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return OperatorError(f"{path}: {count}, nothing written", lines=shown)
