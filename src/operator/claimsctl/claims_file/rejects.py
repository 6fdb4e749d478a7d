"""Rows in the form of the file they came from, with the reason why they were not written."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from claims_provider.contract.answer import ClaimValue

from claimsctl.claims_file.fields import (
    APP_ID,
    EXPIRES_AT,
    HIDDEN_CLAIMS,
    REJECT_REASON,
    TENANT_ID,
    USER,
)
from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.record import Raw, Record


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A bad row as the file has it."""

    row: int
    line: int
    raw: Raw
    reason: str


def reason_of(problems: Iterable[FieldProblem]) -> str:
    """What is wrong with a row, all its problems in one line."""
    return "; ".join(
        f"{problem.field}: {problem}" if problem.field else str(problem) for problem in problems
    )


@dataclass(frozen=True, slots=True)
class RejectsFormat:
    """The input's format. Rows of a JSON array are written as JSON lines, which can be appended."""

    heading: tuple[str, ...] | None
    """Of a table, as the file has it; ``None``: JSON."""
    delimiter: str
    names: dict[str, str]
    """Reserved field → what the file calls it."""

    def heading_line(self) -> bytes:
        """What the rejects file begins with."""
        return b"" if self.heading is None else self._line([*self.heading, REJECT_REASON])

    def line(self, raw: Raw, reason: str) -> bytes:
        """`raw` and the reason, a row of its own. Reading it again leaves the reason out."""
        if isinstance(raw, list):
            width = len(self.heading or ())
            cells = raw + [""] * (width - len(raw))
            return self._line([*cells[:width], reason, *cells[width:]])
        try:
            fields = json.loads(raw)
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            fields = {"unreadable": raw}
        return json.dumps(fields | {REJECT_REASON: reason}, ensure_ascii=False).encode() + b"\n"

    def raw(self, record: Record) -> Raw:
        """`record` as a row of this format: read with the same options, the same record."""
        fields: dict[str, Any] = {
            self.names.get(name, name): value
            for name, value in (
                (TENANT_ID, record.tenant_id),
                (USER, record.user or ""),
                (APP_ID, record.app_id),
                (EXPIRES_AT, record.expires_at),
                (HIDDEN_CLAIMS, list(record.hidden)),
            )
            if value or name == USER
        } | record.claims
        if self.heading is None:
            return json.dumps(fields, ensure_ascii=False)
        return [_cell(fields.get(heading.strip(), "")) for heading in self.heading]

    def _line(self, cells: Sequence[str]) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=self.delimiter).writerow(cells)
        return text.getvalue().encode()


def _cell(value: ClaimValue | int) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)
