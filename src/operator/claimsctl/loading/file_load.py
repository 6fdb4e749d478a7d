"""A checked file → a table: begun or resumed, told how it ended."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claimsctl.dataset.checked_file import CheckedFile
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.loading.calls import Calls
from claimsctl.loading.checkpoint import Checkpoint
from claimsctl.loading.crew import Writer
from claimsctl.loading.journal import Journal
from claimsctl.loading.load import Load, LoadStopped
from claimsctl.loading.outcome import Tally
from claimsctl.loading.places import Places
from claimsctl.loading.progress import LoadProgress
from claimsctl.loading.rejects_file import RejectsFile
from claimsctl.loading.summary import count, effort_told, sum_told
from claimsctl.report import escaped


@dataclass(frozen=True, slots=True)
class Loaded:
    """A load that came to its end."""

    tally: Tally
    summary: list[str]


class FileLoad:
    """One run of `claimsctl claims load`, after the check."""

    def __init__(
        self,
        checked: CheckedFile,
        table: str,
        places: Places,
        asked: Mapping[str, Any],
        *,
        before: Checkpoint | None,
        expires_at: int | None,
    ) -> None:
        """`asked`: what a resumed load must say the same; `before`: how far the one before came.

        Raises `OperatorError` when checkpoint or rejects file do not go with this load.
        """
        # A name that is no Unicode, as a path may be, cannot be written into a checkpoint.
        asked = {
            name: escaped(value) if isinstance(value, str) else value
            for name, value in asked.items()
        }
        if before is not None and places.checkpoint is not None:
            places.checkpoint.check_same(before, asked)
        rejects = RejectsFile(
            places.rejects,
            checked.rejects,
            resume_at=None if before is None else before.rejects_bytes,
        )
        self._checked = checked
        self._table = table
        self._places = places
        self._is_resumed = before is not None
        self._began = before or Checkpoint(asked, expires_at)
        self._journal = Journal(self._began, rejects, places.checkpoint)

    def run(self, writer: Writer, calls: Calls, workers: int, progress: LoadProgress) -> Loaded:
        """Write what is not written yet. Raises `OperatorError` that says how far it came."""
        started = time.monotonic()
        ledger, rows = self._journal.ledger, self._checked.rows
        try:
            self._journal.open(self._checked.rejected_rows())
        except (OperatorError, KeyboardInterrupt):
            if not self._is_resumed:
                self._journal.discard()
            raise
        load = Load(
            self._journal, calls.pace, lambda done: progress.written(done, rows, calls.pace)
        )
        try:
            load.run(self._checked.records(self._began.rows_done), writer, workers)
        except LoadStopped as stop:
            raise self._stopped(stop, calls) from None
        self._journal.close(over=True)
        tally = ledger.tally
        first = f"table {self._table}: {sum_told(rows, tally)}"
        if tally.rejected:
            first += f"; those rejected are in {self._places.rejects}, each with the reason"
        effort = effort_told(rows - self._began.rows_done, time.monotonic() - started, calls.pace)
        if self._began.rows_done:
            effort += f", resumed after row {self._began.rows_done}"
        return Loaded(tally, [first, effort])

    def _stopped(self, stop: LoadStopped, calls: Calls) -> BaseException:
        """What the command ends with."""
        finished = self._journal.ledger.finished()
        touched = self._is_resumed or finished.written or stop.perhaps_written
        if not (touched or calls.perhaps_written):
            self._journal.discard()
            if stop.interrupted:
                return KeyboardInterrupt()
            message = f"table {self._table}: nothing written: {stop}"
            return OperatorError(message)
        self._journal.close(over=False)
        message = (
            f"table {self._table}: {finished.written} of {count(self._checked.rows, 'row')} "
            f"written, then: {stop}"
        )
        if stop.under_way:
            message += f"; {stop.under_way} more were under way"
        return OperatorError(message, exit_code=ExitCode.PARTLY_DONE, lines=[self._way_on()])

    def _way_on(self) -> str:
        if self._places.checkpoint is None:
            return "without --checkpoint it cannot be resumed; loading the same again is safe"
        return (
            f"to go on: the same command with --resume (checkpoint {self._places.checkpoint.path})"
        )
