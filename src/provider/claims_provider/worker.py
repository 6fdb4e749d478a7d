"""A deadline that holds, whatever the call does.

botocore's timeouts bound single reads, not a call: a store that drips its answer, a name lookup
that hangs or a slow credential service can each take many times longer. So a call runs in a daemon
thread of its own and the caller waits as long as it may. A worker that is late is given up together
with its client, and told to end; while too many given-up workers are still alive, calls fail at
once instead of adding to them.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final

from claims_provider.deadline import Deadline

MAX_STUCK: Final = 32
"""Given-up workers that may be alive at once. A name lookup, the one thing that cannot be
interrupted, hangs for some 30 s at most; at one callout per 700 ms that is about as many."""

_REMIND_SECONDS = 1.0

Job = Callable[[Any], Any]


def _connect_only(_: Any) -> None:
    """The job of which nobody waits for an answer: it leaves a client for the next one."""


class NoAnswer(Exception):  # noqa: N818  # says what happened
    """A call did not come back in time, or (not `begun`) could not be made at all."""

    def __init__(self, *, begun: bool, stuck_workers: int) -> None:
        super().__init__("late" if begun else "too many calls are stuck")
        self.begun = begun
        self.stuck_workers = stuck_workers


class _GivenUp(BaseException):  # not an error: nothing may catch it on the way
    """Raised inside a worker that nobody waits for any more."""


class _Worker:
    """One daemon thread with one client."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self.answers: SimpleQueue[tuple[Any, Exception | None]] = SimpleQueue()
        self._guard = threading.Lock()
        self._busy = False
        self._given_up = False
        self._interrupted_at = 0.0
        self._thread = threading.Thread(target=self._serve, name="call-with-deadline", daemon=True)
        self._thread.start()

    def start(self, job: Job) -> None:
        self._jobs.put(job)

    def give_up(self) -> None:
        """Let the thread end: now when idle, else at the next Python instruction it comes to.

        Only a job is ever interrupted. In the thread's own first and last steps the exception
        would strike code that does not expect it, and be printed or lost.
        """
        with self._guard:
            self._given_up = True
            self._interrupt()
        self._jobs.put(None)

    def remind(self) -> None:
        """Interrupt once more a job that goes on long after it was given up.

        An exception that strikes a destructor or a collector's callback is lost there.
        """
        # Never waits: an interrupt can have struck just where the lock was taken, and left it so.
        if self._guard.acquire(blocking=False):
            try:
                if time.monotonic() - self._interrupted_at > _REMIND_SECONDS:
                    self._interrupt()
            finally:
                self._guard.release()

    def _interrupt(self) -> None:
        # Imported here: only a failure pays for it.
        import ctypes  # noqa: PLC0415

        self._interrupted_at = time.monotonic()
        if self._busy:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread.ident or 0), ctypes.py_object(_GivenUp)
            )

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _serve(self) -> None:
        client: Any = None
        answer: tuple[Any, Exception | None]
        try:
            while (job := self._jobs.get()) is not None:
                with self._guard:
                    if self._given_up:
                        break
                    self._busy = True
                try:
                    if client is None:
                        client = self._connect()
                    answer = job(client), None
                except Exception as error:  # noqa: BLE001  # handed to the caller, who raises it
                    answer = None, error
                with self._guard:
                    self._busy = False
                if job is not _connect_only:
                    self.answers.put(answer)
        except _GivenUp:
            self._busy = False
        finally:
            with suppress(Exception):  # nobody waits for it
                client.close()


class WorkerPool:
    """Runs one call at a time, each within its deadline."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        """`connect` makes a worker's client; it is called in the worker, so it may be slow too."""
        self._connect = connect
        self._current: _Worker | None = None
        self._stuck: list[_Worker] = []

    @property
    def stuck(self) -> int:
        """Given-up workers that are still alive."""
        self._stuck = [worker for worker in self._stuck if worker.is_alive()]
        for worker in self._stuck:
            worker.remind()
        return len(self._stuck)

    def connect(self) -> None:
        """Begin to make the client that the next job needs. Never waits.

        What goes wrong meanwhile is told by nobody: the next job tries again. Raises `NoAnswer` as
        `run` does at once.
        """
        self.start(_connect_only)

    def rest(self, deadline: Deadline) -> None:
        """End every worker and its client, and wait by `deadline` until they have ended.

        The next job gets new ones.
        """
        self.give_up()
        for worker in self._stuck:
            worker.join(deadline.remaining())

    def run(self, job: Job, deadline: Deadline) -> Any:
        """What `job(client)` returns, or raises.

        Raises `NoAnswer` when the deadline passes first, and at once while `MAX_STUCK` earlier
        calls have still not come back.
        """
        self.start(job)
        try:
            return self.wait(deadline)
        except NoAnswer:
            self.give_up()
            raise NoAnswer(begun=True, stuck_workers=self.stuck) from None

    def start(self, job: Job) -> None:
        """Begin with `job`; `wait` or `give_up` has to follow. Raises `NoAnswer` as `run` does."""
        if self._current is None:
            if self.stuck >= MAX_STUCK:
                raise NoAnswer(begun=False, stuck_workers=self.stuck)
            self._current = _Worker(self._connect)
        self._current.start(job)

    def wait(self, deadline: Deadline) -> Any:
        """What the job that was started returns, or raises.

        Raises `NoAnswer` when the deadline passes first; the job goes on then.
        """
        assert self._current is not None, "nothing was started"  # noqa: S101  # the caller's order
        try:
            answer, error = self._current.answers.get(timeout=deadline.remaining())
        except Empty:
            raise NoAnswer(begun=True, stuck_workers=self.stuck) from None
        if error is not None:
            raise error
        return answer

    def give_up(self) -> None:
        """Let the job that was started end, whatever it does."""
        if self._current is not None:
            worker, self._current = self._current, None
            self._stuck.append(worker)
            worker.give_up()
