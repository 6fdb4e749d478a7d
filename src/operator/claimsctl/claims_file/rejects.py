"""Rejected rows in the format of their file, with the reason for the rejection."""

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
    """A rejected row in the form of its file."""

    row: int
    line: int
    raw: Raw
    reason: str


def reason_of(problems: Iterable[FieldProblem]) -> str:
    """Return all problems of a row on one line."""
    return "; ".join(
        f"{problem.field}: {problem}" if problem.field else str(problem) for problem in problems
    )


@dataclass(frozen=True, slots=True)
class RejectsFormat:
    """The format of the input file; for JSON, JSON Lines, to which rows can be appended."""

    heading: tuple[str, ...] | None
    """The headings as in the file; ``None`` for JSON."""
    delimiter: str
    names: dict[str, str]
    """The heading in the file for each renamed reserved field."""

    def heading_line(self) -> bytes:
        """Return the beginning of the rejects file."""
        return b"" if self.heading is None else self._line([*self.heading, REJECT_REASON])

    def line(self, raw: Raw, reason: str) -> bytes:
        """Return a row with `raw` and the reason, which is ignored when the row is read again."""
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
        """Return `record` as a row that is read as the same record with the same options."""
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
