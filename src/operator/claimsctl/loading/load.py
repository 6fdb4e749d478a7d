"""Rows → batches → workers → what is settled."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice

from claimsctl.dataset.checked_file import NumberedRecord
from claimsctl.errors import OperatorError
from claimsctl.loading.calls import Stopped
from claimsctl.loading.crew import Crew, Writer
from claimsctl.loading.interrupt import noted_interrupts
from claimsctl.loading.journal import Journal
from claimsctl.loading.pace import Pace
from claimsctl.loading.replacing import BATCH_ITEMS_MAX

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

    def run(self, rows: Iterable[NumberedRecord], writer: Writer, workers: int) -> None:
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

    def _turns(self, rows: Iterator[NumberedRecord], crew: Crew) -> Iterator[None]:
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
