"""A file of claims, checked whole before its first row is written."""

import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from claimsctl.claims_file.checked_file import CheckedFile
from claimsctl.claims_file.formats import ReadOptions, open_source
from claimsctl.claims_file.reading import Reading, TenantLayers
from claimsctl.claims_file.record import Record
from claimsctl.claims_file.rows import rows_of
from claimsctl.claims_file.set_aside import SetAside
from claimsctl.errors import OperatorError

Progress = Callable[[int, int | None, int], None]
"""Called with the bytes read, the file's bytes where they are known, and the rows read."""

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

    Rows are looked at by themselves, then beside one another: no key twice, and within Entra's
    3 KB whatever layers a callout lays over one another, those of `tenant_layers` included.

    Raises `OperatorError` for a file that is none of claims: unreadable, no UTF-8, no heading. What
    is wrong with its rows is told by the `CheckedFile`.
    """
    with ExitStack() as stack:
        try:
            aside = SetAside()
            stack.callback(aside.close)
            reading = Reading(aside, problems_shown)
            with open_source(path, _told(progress, reading)) as source:
                rows = rows_of(path, source, options)
                reading.read(rows)
                sha256, count = source.finish()
            reading.compare(tenant_layers)
        except (OSError, sqlite3.Error) as error:
            raise _no_room(path, error) from None
        stack.pop_all()
    return CheckedFile(
        path=path,
        format=rows.format,
        sha256=sha256,
        bytes=count,
        rows=reading.rows,
        rejected=reading.rejected,
        by_address=reading.by_address,
        problem_count=reading.problems.count,
        problems=reading.problems.first(),
        complete=reading.complete,
        rejects=rows.rejects,
        _aside=aside,
    )


def read_records(path: Path, tenant: str | None = None) -> list[Record]:
    """All records of a small file; `tenant` is that of rows which name none.

    Raises `OperatorError` listing the problems: file, line, column, what was found and expected.
    """
    with check_file(path, ReadOptions(tenant=tenant)) as checked:
        if checked.problem_count:
            raise checked.refusal()
        return [numbered.record for numbered in checked.records()]


def _told(progress: Progress | None, reading: Reading) -> Callable[[int, int | None], None]:
    def tell(read: int, total: int | None) -> None:
        if progress is not None:
            progress(read, total, reading.rows)

    return tell


def _no_room(path: Path, error: OSError | sqlite3.Error) -> OperatorError:
    reason = error.strerror if isinstance(error, OSError) else error
    message = (
        f"{path}: its rows cannot be set aside in {tempfile.gettempdir()}: {reason}; "
        f"set TMPDIR to a folder with about twice the room of the file"
    )
    return OperatorError(message)
