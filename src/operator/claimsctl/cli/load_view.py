"""How a load ended, in sentences."""

import json
from typing import Any

from claimsctl.errors import ExitCode, OperatorError
from claimsctl.loading.checkpoint import DifferentLoad
from claimsctl.loading.results import LoadResult, LoadStopped, RowCounts

_FIELD_LABELS = {
    "file_sha256": "FILE",
    "rejected_by_check": "rows rejected by the check",
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
    "reading": "the options that choose columns and values",
}
"""The option or fact behind each field of a checkpoint's request."""


def count(number: int, noun: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def result_lines(table: str, result: LoadResult) -> list[str]:
    """The summary of a load that came to its end: what happened to its rows, what it took."""
    first = f"table {table}: {rows_sentence(result.rows, result.counts)}"
    if result.counts.rejected:
        first += f"; those rejected are in {result.rejects}, each with the reason"
    return [first, effort_sentence(result)]


def rows_sentence(rows: int, counts: RowCounts) -> str:
    """``rows`` read = how they ended; ends without rows are left out."""
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
    """Time, speed, throttles and retries of this run."""
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
    """What the command ends with when a load stopped early."""
    if stop.nothing_written:
        if stop.interrupted:
            return KeyboardInterrupt()
        return OperatorError(f"table {table}: nothing written: {stop}")
    message = f"table {table}: {stop.written} of {count(stop.rows, 'row')} written, then: {stop}"
    if stop.under_way:
        message += f"; {stop.under_way} more were under way"
    if stop.checkpoint is None:
        way_on = "without --checkpoint it cannot be resumed; loading the same again is safe"
    else:
        way_on = f"to go on: the same command with --resume (checkpoint {stop.checkpoint})"
    return OperatorError(message, exit_code=ExitCode.PARTLY_DONE, lines=[way_on])


def different_load_error(different: DifferentLoad) -> OperatorError:
    """Each field in which this load differs from the one that the checkpoint belongs to."""
    lines = [
        f"{_FIELD_LABELS[one.field]}: then {_value(one.saved)}, now {_value(one.given)}"
        for one in different.differences
    ]
    message = (
        f"{different.checkpoint}: this checkpoint belongs to a different load; nothing was written."
        " Rerun with the original options to resume it, or remove it to start again"
    )
    return OperatorError(message, lines=lines)


def _value(value: Any) -> str:
    return "not given" if value is None else json.dumps(value, ensure_ascii=False)
