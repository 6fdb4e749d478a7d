"""The result of a load as text."""

import json
from typing import Any

from claimsctl.errors import ExitCode, OperatorError
from claimsctl.loading.checkpoint import DifferentLoad
from claimsctl.loading.results import LoadResult, LoadStopped, RowCounts

_FIELD_LABELS = {
    "file_sha256": "FILE",
    "rejected_by_check": "invalid rows",
    "table": "--table",
    "endpoint_url": "--endpoint-url",
    "region": "region",
    "tenant": "--tenant",
    "columns": "--column",
    "list_separator": "--list-separator",
    "format": "--format",
    "schema_sha256": "--catalogue",
    "expires_in": "--expires-in",
    "on_existing": "--on-existing",
    "keep_going": "--keep-going",
    "rejects": "--rejects",
    "reading": "--only, --ignore, --null, --trim and --text-from",
}
"""The option or fact behind each field of a checkpoint's request."""


def count(number: int, noun: str) -> str:
    """Return the number with its noun: ``1 row``, ``2 rows``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def result_lines(table: str, result: LoadResult) -> list[str]:
    """Return the summary of a finished load: the counts of its rows, its time and speed."""
    first = f"table {table}: {rows_sentence(result.rows, result.counts)}"
    if result.counts.rejected:
        first += f"; the rejected rows and the reasons are in {result.rejects}"
    return [first, effort_sentence(result)]


def rows_sentence(rows: int, counts: RowCounts) -> str:
    """Return ``3 rows read = 2 written + 1 rejected``, without counts that are zero."""
    parts = [
        f"{number} {name}"
        for name, number in (
            ("written", counts.written),
            ("unchanged", counts.unchanged),
            ("skipped", counts.skipped),
            ("rejected", counts.rejected),
        )
        if number
    ]
    return f"{count(rows, 'row')} read" + (f" = {' + '.join(parts)}" if parts else "")


def effort_sentence(result: LoadResult) -> str:
    """Return the time, speed, throttles and retries of this run."""
    rows, seconds = result.rows - result.resumed_after, result.seconds
    parts = [f"in {seconds:.1f} s", f"{rows / seconds if seconds else 0:.0f} rows/s"]
    if result.throttles:
        parts.append(count(result.throttles, "throttle"))
    if result.retries:
        parts.append("1 retry" if result.retries == 1 else f"{result.retries} retries")
    if result.resumed_after:
        parts.append(f"resumed after row {result.resumed_after}")
    return ", ".join(parts)


def stopped_error(table: str, stop: LoadStopped) -> BaseException:
    """Return the exception that ends the command when a load stopped early."""
    if stop.nothing_written:
        if stop.interrupted:
            return KeyboardInterrupt()
        return OperatorError(f"table {table}: nothing was written: {stop}")
    message = f"table {table}: {stop.written} of {count(stop.rows, 'row')} written, then: {stop}"
    if stop.under_way:
        message += f"; {stop.under_way} more may have been written"
    if stop.checkpoint is None:
        next_step = (
            "There is no checkpoint to resume from. Run the same command again: rows that were"
            " already written are written again without harm"
        )
    else:
        next_step = (
            f"To continue, run the same command with --resume (checkpoint: {stop.checkpoint})"
        )
    return OperatorError(message, exit_code=ExitCode.PARTLY_DONE, lines=[next_step])


def different_load_error(different: DifferentLoad) -> OperatorError:
    """Return the error that lists each option in which this load differs from the saved one."""
    lines = [
        f"{_FIELD_LABELS[one.field]}: was {_value(one.saved)}, now {_value(one.given)}"
        for one in different.differences
    ]
    message = (
        f"{different.checkpoint}: this checkpoint belongs to a different load; nothing was written."
        " To resume it, rerun with the original file and options; to start a new load, remove it"
    )
    return OperatorError(message, lines=lines)


def _value(value: Any) -> str:
    return "not given" if value is None else json.dumps(value, ensure_ascii=False)


def would_be_rejected(rows: int, *, prune: bool = False) -> str:
    """Return what a dry run reports about invalid rows with --keep-going."""
    removals = "; nothing would be removed, because rows are rejected" if prune else ""
    return f"{count(rows, 'invalid row')} would be rejected{removals}"


def not_compared(valid: int) -> str:
    """Return what a dry run reports about a file's valid rows when there is no table."""
    rows = "1 row is" if valid == 1 else f"{valid} rows are"
    return f"{rows} valid; not compared with a table, because none was given"
