"""Workers that write batches, each in a thread of its own."""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, Full, Queue, SimpleQueue
from typing import Protocol

from claimsctl.claims_file.record import Record
from claimsctl.claims_table.retry import Halted
from claimsctl.loading.journal import Batch
from claimsctl.loading.outcome import Outcome

_QUEUED_A_WORKER = 2


class Writer(Protocol):
    """What brings a batch of rows into the table."""

    def write(self, batch: Sequence[Record]) -> Outcome:
        """What became of the rows. Raises `Stopped` and `Halted`."""


class Crew:
    """Threads that nothing waits for at the end of the process: a call may hang."""

    def __init__(self, writer: Writer, workers: int) -> None:
        self.begun = 0
        """Rows that workers have in hand, or have left half-way."""
        self._writer = writer
        self._jobs: Queue[tuple[Batch, Sequence[Record]] | None] = Queue(workers * _QUEUED_A_WORKER)
        self._results: SimpleQueue[Exception | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, name=f"loader-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, batch: Batch, rows: Sequence[Record]) -> bool:
        """Hand over `rows`, unless all workers have enough."""
        try:
            self._jobs.put_nowait((batch, rows))
        except Full:
            return False
        return True

    def wait(self, seconds: float) -> None:
        """Until some batch has got its outcome, or `seconds` have passed.

        Raises what a worker could not deal with.
        """
        with suppress(Empty):
            error = self._results.get(timeout=seconds)
            while error is None:
                error = self._results.get_nowait()
            raise error

    def end(self, seconds: float) -> None:
        """No more batches; wait for those under way, at most so long."""
        with suppress(Empty):
            while True:
                self._jobs.get_nowait()
        for _ in self._threads:
            self._jobs.put(None)
        give_up_at = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, give_up_at - time.monotonic()))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch, rows = job
            with self._lock:
                self.begun += batch.rows
            try:
                batch.outcome = self._writer.write(rows)
            except Halted:
                return
            except Exception as error:  # noqa: BLE001  # told by the thread that waits
                self._results.put(error)
                return
            with self._lock:
                self.begun -= batch.rows
            self._results.put(None)
