"""Export of records to a claims file that loads as the same records.

Rows are sorted by key and columns by name, so that two exports of the same table are identical, and
exports of two tables can be compared with any tool.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self, TextIO

from claims_provider.claims.key import LayerKey
from claims_provider.contract.answer import ClaimValue

from claimsctl.claims_file.fields import (
    APP_ID,
    EXPIRES_AT,
    HIDDEN_CLAIMS,
    RESERVED,
    TENANT_ID,
    USER,
    iso,
)
from claimsctl.claims_file.formats import LIST_SEPARATOR
from claimsctl.claims_file.problem import FieldProblem, shown
from claimsctl.claims_file.record import Record
from claimsctl.claims_file.temporary_database import SortedTexts

_SHOWN = 20
_UNLIKE_A_HEADING = re.compile(r"[;\t\r\n\0]")
"""Characters in a heading that would be mistaken for the separator or the end of the line."""
_NUL = "\0"
_INSTEAD = "export with --format jsonl to include it"


class ExportFormat(StrEnum):
    """The formats of an export."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(slots=True)
class ExportCounts:
    """The counts of an export."""

    rows: int = 0
    left_out: int = 0
    """Items that the format cannot represent."""
    reasons: list[tuple[LayerKey, str]] = field(default_factory=list)
    """The first of them, with the reasons."""
    with_more: int = 0
    """Exported items that also have attributes that are not exported."""


class Export:
    """Rows collected on disk, then written in order. A context manager."""

    def __init__(self, form: ExportFormat) -> None:
        self._form = form
        self.counts = ExportCounts()
        self._rows = SortedTexts("export")
        self._names: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()

    def add(self, record: Record, *, has_more: bool = False) -> None:
        """Add `record`, or leave it out if the format cannot represent it.

        `has_more`: its item has attributes that are not exported.
        """
        if self._form is ExportFormat.CSV:
            try:
                _check_csv(record)
            except FieldProblem as problem:
                self.leave_out(record.key, problem)
                return
        self.counts.rows += 1
        self.counts.with_more += has_more
        self._names.update(record.claims)
        # Keys contain no blanks or control characters, so blanks between the parts sort correctly.
        order = f"{record.tenant_id} {record.user or ''} {record.app_id or ''}"
        self._rows.add(order, json.dumps(_fields(record)))

    def leave_out(self, key: LayerKey, problem: FieldProblem) -> None:
        """Record that the item under `key` is left out, and why."""
        self.counts.left_out += 1
        if len(self.counts.reasons) < _SHOWN:
            self.counts.reasons.append((key, f"{problem.field}: {problem}"))

    def write(self, out: TextIO) -> Iterator[int]:
        """Write all rows to `out`; yield 1 for each row, for progress."""
        rows = (json.loads(text) for _, text in self._rows.in_order())
        match self._form:
            case ExportFormat.CSV:
                return _write_csv(out, rows, sorted(self._names))
            case ExportFormat.JSONL:
                return _write_jsonl(out, rows)


def _fields(record: Record) -> dict[str, Any]:
    fields: dict[str, Any] = {TENANT_ID: record.tenant_id, USER: record.user or ""}
    if record.app_id is not None:
        fields[APP_ID] = record.app_id
    if record.expires_at is not None:
        fields[EXPIRES_AT] = _expires_at(record.expires_at)
    if record.hidden:
        fields[HIDDEN_CLAIMS] = list(record.hidden)
    return fields | dict(sorted(record.claims.items()))


def _expires_at(seconds: int) -> str | int:
    try:
        return iso(seconds)
    except (ValueError, OverflowError):
        return seconds


def _write_jsonl(out: TextIO, rows: Iterable[Mapping[str, Any]]) -> Iterator[int]:
    for row in rows:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")
        yield 1


def _write_csv(out: TextIO, rows: Iterable[Mapping[str, Any]], names: list[str]) -> Iterator[int]:
    columns = [*RESERVED, *names]
    writer = csv.writer(out, lineterminator="\n")
    quoting = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    for row in rows:
        cells = [_cell(name, row.get(name, "")) for name in columns]
        # Before Python 3.13, csv.writer does not quote a cell because of a carriage return alone.
        (quoting if any("\r" in cell for cell in cells) else writer).writerow(cells)
        yield 1


def _check_csv(record: Record) -> None:
    """Raise `FieldProblem` for what JSON Lines can represent and CSV cannot."""
    for name, value in record.claims.items():
        if _UNLIKE_A_HEADING.search(name):
            raise FieldProblem(name, f"the name cannot be a heading in CSV; {_INSTEAD}")
        if isinstance(value, str) and _NUL in value:
            message = f"CSV cannot represent the NUL character in {shown(value)}; {_INSTEAD}"
            raise FieldProblem(name, message)
        if isinstance(value, str) and (value.startswith("[") or LIST_SEPARATOR in value):
            message = f"in CSV, the text {shown(value)} would be read as a list; {_INSTEAD}"
            raise FieldProblem(name, message)


def _cell(column: str, value: ClaimValue) -> str:
    """Return a cell that is read back as `value`: ``a|b`` for a list where that is unambiguous."""
    if isinstance(value, str):
        return value
    enough = 1 if column == HIDDEN_CLAIMS else 2  # a single name is read as a list of one name
    text = LIST_SEPARATOR.join(value)
    if len(value) >= enough and not text.startswith("[") and all(map(_is_plain, value)):
        return text
    return json.dumps(value, ensure_ascii=False)


def _is_plain(item: str) -> bool:
    return item.strip() == item != "" and LIST_SEPARATOR not in item and _NUL not in item
