"""A checked file → a table: begun or resumed, told how it ended."""

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from types import FrameType
from typing import Any

from claimsctl.claims_file.record import Record
from claimsctl.claims_file.validation import CheckedFile
from claimsctl.claims_table.retry import Calls, Pace, Stopped
from claimsctl.cli.progress import LoadProgress
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.loading.checkpoint import Checkpoint
from claimsctl.loading.journal import Journal, Places
from claimsctl.loading.outcome import Tally, count, effort_told, sum_told
from claimsctl.loading.rejects_file import RejectsFile
from claimsctl.loading.workers import Crew, Writer
from claimsctl.loading.writers import BATCH_ITEMS_MAX
from claimsctl.text import escaped


@contextmanager
def noted_interrupts() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second one is as it was before.

    Elsewhere than in the main thread no Ctrl-C arrives, and none is noted.
    """
    noted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return
    before = signal.getsignal(signal.SIGINT)

    def note(_number: int, _frame: FrameType | None) -> None:
        noted.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


OPEN_BATCHES_MAX = 4096
"""How far the others may run ahead of one batch that is not taken; bounds what memory holds."""

_INTERRUPTED = "interrupted"
_LOOK_UP_SECONDS = 0.1
_LAST_CALLS_SECONDS = 2.0


class LoadStopped(Exception):  # noqa: N818  # for the command to tell
    """The load ended before its last row; what is settled is on disk."""

    def __init__(self, reason: str, *, under_way: int, perhaps_written: bool) -> None:
        super().__init__(reason)
        self.under_way = under_way
        """Rows that were being written, and may be in the table."""
        self.perhaps_written = perhaps_written
        """Whether a call has not come back that may have changed the table."""
        self.interrupted = reason == _INTERRUPTED


class Load:
    """One load, from its first row or from where another was cut off."""

    def __init__(
        self, journal: Journal, pace: Pace, progress: Callable[[int], None] | None = None
    ) -> None:
        """`progress` is called now and then with the row up to which all are settled."""
        self._journal = journal
        self._ledger = journal.ledger
        self._pace = pace
        self._progress = progress or (lambda _: None)

    def run(self, rows: Iterable[Record], writer: Writer, workers: int) -> None:
        """Write all of `rows`, no key twice. Raises `LoadStopped`."""
        crew = Crew(writer, workers)
        try:
            with noted_interrupts() as interrupted:
                for _ in self._turns(iter(rows), crew):
                    self._journal.note(self._ledger.settle())
                    self._progress(self._ledger.rows_done)
                    if interrupted.is_set():
                        raise Stopped(_INTERRUPTED)  # noqa: TRY301  # as if from below
            self._journal.save()
        except (Stopped, KeyboardInterrupt, OperatorError) as stop:
            self._pace.halt()
            # A second Ctrl-C does not wait. A disk that is full keeps the checkpoint before this.
            with suppress(KeyboardInterrupt, OperatorError):
                crew.end(_LAST_CALLS_SECONDS)
                self._journal.note(self._ledger.settle())
                self._journal.save()
            raise LoadStopped(
                str(stop) or _INTERRUPTED,
                under_way=crew.begun,
                perhaps_written=self._pace.under_way > 0,
            ) from None
        finally:
            self._pace.halt()
            crew.end(0)

    def _turns(self, rows: Iterator[Record], crew: Crew) -> Iterator[None]:
        """Keep the workers busy until all is settled; a turn ends when something may have been."""
        while batch := list(islice(rows, BATCH_ITEMS_MAX)):
            while len(self._ledger) >= OPEN_BATCHES_MAX:
                crew.wait(_LOOK_UP_SECONDS)
                yield
            ticket = self._ledger.begin(batch[-1].row, len(batch))
            while not crew.submit(ticket, batch):
                crew.wait(_LOOK_UP_SECONDS)
                yield
            crew.wait(0)
            yield
        while len(self._ledger):
            crew.wait(_LOOK_UP_SECONDS)
            yield


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
