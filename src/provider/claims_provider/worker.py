"""Run a call with a deadline that always holds.

botocore's timeouts limit single reads, not a call: a store that sends its answer slowly, a hanging
name lookup or a slow credential service can each take many times longer. Therefore, a call runs in
a daemon thread, and the caller waits until the deadline. A worker that misses the deadline is
abandoned with its client, and counted until it ends; while too many are stuck, calls fail
immediately.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final

from claims_provider.deadline import Deadline

MAX_STUCK: Final = 32
"""The maximum number of abandoned workers. A name lookup hangs for about 30 s at most; at one
callout per 700 ms that is about this many."""

Job = Callable[[Any], Any]


def _connect_only(_: Any) -> None:
    """The job that only creates a client for the next job; no caller waits for it."""


class NoAnswer(Exception):  # noqa: N818  # says what happened
    """A call did not return in time, or if not `begun`, could not be made."""

    def __init__(self, *, begun: bool, stuck_workers: int) -> None:
        super().__init__("late" if begun else "too many calls are stuck")
        self.begun = begun
        self.stuck_workers = stuck_workers


class _Worker:
    """One daemon thread with one client."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._is_abandoned = False
        self.answers: SimpleQueue[tuple[Any, Exception | None]] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="call-with-deadline", daemon=True)
        self._thread.start()

    def start(self, job: Job) -> None:
        self._jobs.put(job)

    def abandon(self) -> None:
        """Let the thread end: now if idle, otherwise when its job returns."""
        self._is_abandoned = True
        self._jobs.put(None)

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _serve(self) -> None:
        client: Any = None
        answer: tuple[Any, Exception | None]
        while (job := self._jobs.get()) is not None and not self._is_abandoned:
            try:
                if client is None:
                    client = self._connect()
                answer = job(client), None
            except Exception as error:  # noqa: BLE001  # handed to the caller, who raises it
                answer = None, error
            if job is not _connect_only:
                self.answers.put(answer)
        with suppress(Exception):  # no caller waits for it
            client.close()


class WorkerPool:
    """Runs one call at a time, each within its deadline."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        """`connect` creates a worker's client, in the worker because it may also be slow."""
        self._connect = connect
        self._current: _Worker | None = None
        self._stuck: list[_Worker] = []

    @property
    def stuck(self) -> int:
        """Return the number of abandoned workers that are still alive."""
        self._stuck = [worker for worker in self._stuck if worker.is_alive()]
        return len(self._stuck)

    def connect(self) -> None:
        """Start to create the client that the next job needs. Never waits.

        A connection error is not reported, because the next job tries again. Raises `NoAnswer` in
        the same case in which `run` raises it immediately.
        """
        self.start(_connect_only)

    def rest(self, deadline: Deadline) -> None:
        """End every worker and its client, and wait for them until `deadline`.

        The next job gets new ones.
        """
        self.abandon()
        for worker in self._stuck:
            worker.join(deadline.remaining())

    def run(self, job: Job, deadline: Deadline) -> Any:
        """Return or raise what `job(client)` returns or raises.

        Raises `NoAnswer` if the deadline passes first, and immediately while `MAX_STUCK` earlier
        calls have not returned.
        """
        self.start(job)
        try:
            return self.wait(deadline)
        except NoAnswer:
            self.abandon()
            raise NoAnswer(begun=True, stuck_workers=self.stuck) from None

    def start(self, job: Job) -> None:
        """Start `job`; `wait` or `abandon` must follow. Raises `NoAnswer` as `run` does."""
        if self._current is None:
            if self.stuck >= MAX_STUCK:
                raise NoAnswer(begun=False, stuck_workers=self.stuck)
            self._current = _Worker(self._connect)
        self._current.start(job)

    def wait(self, deadline: Deadline) -> Any:
        """Return or raise what the started job returns or raises.

        Raises `NoAnswer` if the deadline passes first; the job then continues.
        """
        assert self._current is not None, "nothing was started"  # noqa: S101  # the caller's order
        try:
            answer, error = self._current.answers.get(timeout=deadline.remaining())
        except Empty:
            raise NoAnswer(begun=True, stuck_workers=self.stuck) from None
        if error is not None:
            raise error
        return answer

    def abandon(self) -> None:
        """Stop waiting for the started job; the next job gets a new client.

        The worker counts as stuck until its job returns.
        """
        if self._current is not None:
            worker, self._current = self._current, None
            self._stuck.append(worker)
            worker.abandon()
