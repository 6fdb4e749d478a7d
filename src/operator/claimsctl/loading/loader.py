"""Loading of a checked file, window by window, from the first row or from a checkpoint."""

import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from types import FrameType

from claimsctl.claims_file.checked_file import CheckedFile
from claimsctl.claims_file.record import Record
from claimsctl.claims_table.reader import batches
from claimsctl.claims_table.retry import CallFailed, Cancelled, RateLimiter, Retrier
from claimsctl.errors import OperatorError
from claimsctl.loading.checkpoint import Checkpoint, LoadRequest
from claimsctl.loading.rejects_file import RejectsFile
from claimsctl.loading.results import BatchResult, LoadProgress, LoadResult, LoadStopped
from claimsctl.loading.state import LoadPaths, LoadState
from claimsctl.loading.writers import BATCH_ITEMS_MAX, Writer

WINDOW_BATCHES = 8
"""Batches per worker between two checkpoints: what a resumed load may write again."""

_POLL_SECONDS = 0.1
_GRACE_SECONDS = 2.0
"""How long a stopping load waits for calls in progress."""


class FileLoad:
    """One run of a load, after the check."""

    def __init__(
        self,
        checked: CheckedFile,
        paths: LoadPaths,
        request: LoadRequest,
        *,
        saved: Checkpoint | None,
        expires_at: int | None,
    ) -> None:
        """`saved`: the checkpoint to continue from.

        Raises `DifferentLoad`, and `OperatorError` for a rejects file that does not match `saved`.
        """
        if saved is not None and paths.checkpoint is not None:
            paths.checkpoint.check_same_load(saved.request, request)
        self._checked = checked
        self._rejects = RejectsFile(
            paths.rejects, checked.rejects, resume_at=None if saved is None else saved.rejects_bytes
        )
        self._is_resumed = saved is not None
        self._start = saved or Checkpoint.begin(request, expires_at)
        self._state = LoadState(self._start, self._rejects, paths.checkpoint)

    def run(
        self, writer: Writer, retrier: Retrier, workers: int, progress: LoadProgress
    ) -> LoadResult:
        """Write the rows that are not written yet.

        Raises `LoadStopped` when the load stops early, and `OperatorError` when it cannot begin;
        then nothing is written.
        """
        started = time.monotonic()
        state, limiter, total = self._state, retrier.limiter, self._checked.rows
        try:
            state.open(self._checked.rejected_rows())
        except (OperatorError, KeyboardInterrupt):
            if not self._is_resumed:
                state.discard()
            raise
        windows = Windows(state, limiter, writer, workers)
        try:
            windows.run(
                self._checked.records(self._start.rows_done),
                lambda: progress.written(state.rows_done, total, limiter.throttles),
            )
        except (CallFailed, OperatorError, KeyboardInterrupt) as error:
            raise self._stopped(error, windows, retrier) from None
        state.close(finished=True)
        return LoadResult(
            rows=total,
            counts=state.counts,
            rejects=self._rejects.path,
            resumed_after=self._start.rows_done,
            seconds=time.monotonic() - started,
            throttles=limiter.throttles,
            retries=retrier.retries,
        )

    def _stopped(self, error: BaseException, windows: "Windows", retrier: Retrier) -> LoadStopped:
        written = self._state.counts.written + windows.written_unsettled
        nothing_written = not (
            self._is_resumed or written or retrier.may_have_written or windows.is_running
        )
        if nothing_written:
            self._state.discard()
        else:
            self._state.close(finished=False)
        interrupted = isinstance(error, KeyboardInterrupt)
        return LoadStopped(
            "interrupted" if interrupted else str(error),
            interrupted=interrupted,
            rows=self._checked.rows,
            written=written,
            under_way=windows.under_way,
            calls_hang=windows.is_running,
            nothing_written=nothing_written,
            checkpoint=self._state.checkpoint_path,
        )


class Windows:
    """Writes records in windows: a bounded number of batches is submitted, awaited and settled.

    Then the state is saved and the next window begins. The batches of a window finish in any order,
    and are settled in the order of the file.
    """

    def __init__(
        self, state: LoadState, limiter: RateLimiter, writer: Writer, workers: int
    ) -> None:
        self._state = state
        self._limiter = limiter
        self._writer = writer
        self._workers = workers
        self._window: deque[tuple[Sequence[Record], Future[BatchResult | None]]] = deque()
        """The batches that are not settled yet."""

    def run(self, records: Iterable[Record], on_window: Callable[[], None] = lambda: None) -> None:
        """Write all `records`, whose keys differ.

        Raises `CallFailed`, `KeyboardInterrupt`, and `OperatorError` when the state cannot be
        saved, after stopping all workers and saving what is settled.
        """
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="loader")
        rest = batches(records, BATCH_ITEMS_MAX)
        try:
            with noted_interrupts() as interrupted:
                while self._submit(pool, rest):
                    stop = self._await(interrupted)
                    if stop is not None:
                        self._cancel(pool)
                        wait(self._futures(), _GRACE_SECONDS)  # a second Ctrl-C ends the wait
                    self._settle()
                    if stop is not None:
                        raise stop
                    on_window()
        finally:
            self._cancel(pool)

    @property
    def under_way(self) -> int:
        """After a stop: the number of rows in batches that have begun and have no result."""
        return sum(len(batch) for batch, future in self._window if _is_begun(future))

    @property
    def written_unsettled(self) -> int:
        """After a stop: the number of rows written by batches after the first without a result."""
        results = [_result(future) for future in self._futures()]
        return sum(result.counts.written for result in results if result is not None)

    @property
    def is_running(self) -> bool:
        """After a stop: whether a call has no answer yet and may still change the table."""
        return any(future.running() for future in self._futures())

    def _submit(self, pool: ThreadPoolExecutor, rest: Iterator[Sequence[Record]]) -> bool:
        """Begin a window; return ``False`` when there are no more batches."""
        for batch in islice(rest, self._workers * WINDOW_BATCHES):
            self._window.append((batch, pool.submit(self._write, batch)))
        return bool(self._window)

    def _write(self, batch: Sequence[Record]) -> BatchResult | None:
        """Write a batch; return ``None`` if the load stopped before it began."""
        return None if self._limiter.is_cancelled else self._writer.write(batch)

    def _await(self, interrupted: threading.Event) -> BaseException | None:
        """Wait for the window; return the exception that stops the load, if any."""
        pending: Iterable[Future[BatchResult | None]] = self._futures()
        while pending and not interrupted.is_set():
            done, pending = wait(self._futures(), _POLL_SECONDS, FIRST_EXCEPTION)
            errors = [error for future in done if (error := future.exception()) is not None]
            for error in errors:
                if not isinstance(error, Cancelled):  # caused by another worker's error
                    return error
        return KeyboardInterrupt() if interrupted.is_set() else None

    def _settle(self) -> None:
        """Settle the results before the first batch without one, and save the state."""
        while self._window:
            batch, future = self._window[0]
            result = _result(future)
            if result is None:
                break
            self._state.settle(batch[-1].row, result)
            self._window.popleft()
        self._state.save()

    def _cancel(self, pool: ThreadPoolExecutor) -> None:
        pool.shutdown(wait=False, cancel_futures=True)
        self._limiter.cancel()

    def _futures(self) -> list[Future[BatchResult | None]]:
        return [future for _, future in self._window]


def _result(future: Future[BatchResult | None]) -> BatchResult | None:
    if not future.done() or future.cancelled() or future.exception() is not None:
        return None
    return future.result()


def _is_begun(future: Future[BatchResult | None]) -> bool:
    """Return whether a batch has begun and has no result."""
    if future.done():
        return not future.cancelled() and future.exception() is not None
    return future.running()


@contextmanager
def noted_interrupts() -> Iterator[threading.Event]:
    """Yield an event that the first Ctrl-C sets; the second Ctrl-C has its usual effect.

    Outside the main thread, signals do not arrive and the event is never set.
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
