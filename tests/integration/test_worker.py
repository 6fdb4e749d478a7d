"""Workers can be abandoned at any moment, and their answers are discarded."""

import random
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from claims_provider.deadline import Deadline
from claims_provider.worker import MAX_STUCK, NoAnswer, WorkerPool, _Worker

from tests.integration.deployment import UNTRACED

pytestmark = UNTRACED
# A thread that ends with an exception, or prints one, fails these tests: pytest sees to it.


class Client:
    """A client that knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def close(self) -> None:
        """Note it."""
        self.closed.set()


class LateAnswers:
    """Answers of a worker that are there when the caller has just stopped waiting."""

    def __init__(self) -> None:
        self._answers: SimpleQueue[Any] = SimpleQueue()

    def put(self, answer: Any) -> None:
        """Take an answer."""
        self._answers.put(answer)

    def get(self, timeout: float) -> Any:
        """Wait for the answer, and miss it."""
        self._answers.get(timeout=10)
        raise Empty


@pytest.fixture
def threads() -> Callable[[], list[threading.Thread]]:
    """`threads()` lists the workers' threads that this test has started and that live."""
    before = set(threading.enumerate())
    return lambda: [thread for thread in threading.enumerate() if thread not in before]


def _run_in_vain(pool: WorkerPool, job: Callable[[Any], Any], milliseconds: float) -> None:
    with pytest.raises(NoAnswer) as caught:
        pool.run(job, Deadline.after_ms(milliseconds))
    assert caught.value.begun


def _end(pool: WorkerPool) -> None:
    if pool._current is not None:
        pool._current._jobs.put(None)
    for _ in range(1000):
        if not pool.stuck:
            return
        time.sleep(0.01)
    pytest.fail("a worker does not end")


def test_an_abandoned_job_is_counted_until_it_ends() -> None:
    """A job that misses its deadline is stuck until it comes back; then its client closes."""
    gate = threading.Event()
    client = Client()
    pool = WorkerPool(lambda: client)
    _run_in_vain(pool, lambda _: gate.wait(60), 30)
    assert (1, False) == (pool.stuck, client.closed.is_set())
    gate.set()
    assert client.closed.wait(5)
    _end(pool)


def test_a_job_that_fails_keeps_its_worker() -> None:
    """An error of the job is the caller's; worker and client go on."""
    pool = WorkerPool(Client)
    first = pool.run(lambda client: client, Deadline.after_ms(1000))
    with pytest.raises(ZeroDivisionError):
        pool.run(lambda _: 1 // 0, Deadline.after_ms(1000))
    assert first is pool.run(lambda client: client, Deadline.after_ms(1000))
    _end(pool)


def test_a_client_that_cannot_be_made_is_tried_again() -> None:
    """A connection error is raised to the caller, and the next call connects again."""
    attempts: list[int] = []

    def connect() -> Client:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("no")  # noqa: EM101
        return Client()

    pool = WorkerPool(connect)
    with pytest.raises(OSError, match="no"):
        pool.run(lambda _: "unreached", Deadline.after_ms(1000))
    assert "reached" == pool.run(lambda _: "reached", Deadline.after_ms(1000))
    _end(pool)


def test_connecting_ahead_is_no_answer() -> None:
    """A client made ahead serves the next job, which gets its own answer."""
    made: list[Client] = []

    def connect() -> Client:
        made.append(Client())
        return made[-1]

    pool = WorkerPool(connect)
    pool.connect()
    clients = [pool.run(lambda client: client, Deadline.after_ms(1000)) for _ in range(2)]
    assert 2 * made == clients
    _end(pool)


def test_connecting_ahead_in_vain_is_nobodys_error() -> None:
    """A failed early connection is not reported, and is tried again for the next job."""
    attempts: list[int] = []

    def connect() -> Client:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("no")  # noqa: EM101
        return Client()

    pool = WorkerPool(connect)
    pool.connect()
    assert "reached" == pool.run(lambda _: "reached", Deadline.after_ms(1000))
    assert 2 == len(attempts)
    _end(pool)


def test_connecting_ahead_holds_nobody_up() -> None:
    """A client that hangs while it is made ahead is abandoned with the job that waits for it."""
    gate = threading.Event()
    hangs = [True, False]

    def connect() -> Client:
        if hangs.pop(0):
            gate.wait(60)
        return Client()

    pool = WorkerPool(connect)
    pool.connect()
    _run_in_vain(pool, lambda _: "unreached", 30)
    assert "reached" == pool.run(lambda _: "reached", Deadline.after_ms(1000))
    gate.set()
    _end(pool)


def test_a_pool_at_rest_has_no_threads(
    threads: Callable[[], list[threading.Thread]],
) -> None:
    """Rest ends the idle worker and waits for stuck ones; the next job gets a new client."""
    clients: list[Client] = []

    def connect() -> Client:
        clients.append(Client())
        return clients[-1]

    gate = threading.Event()
    pool = WorkerPool(connect)
    _run_in_vain(pool, lambda _: gate.wait(60), 30)
    pool.run(lambda _: None, Deadline.after_ms(1000))
    threading.Timer(0.05, gate.set).start()
    pool.rest(Deadline.after_ms(5000))
    assert ([], [True, True]) == (threads(), [client.closed.is_set() for client in clients])
    assert clients[-1] is not pool.run(lambda client: client, Deadline.after_ms(1000))
    _end(pool)


def test_a_late_answer_is_nobodys() -> None:
    """Call A is abandoned and answers while call B waits: B gets its own answer."""
    gate: SimpleQueue[str] = SimpleQueue()
    pool = WorkerPool(Client)
    _run_in_vain(pool, lambda _: gate.get(), 20)

    def answer_a_then_b(_: Any) -> str:
        gate.put("A")
        time.sleep(0.05)
        return "B"

    assert "B" == pool.run(answer_a_then_b, Deadline.after_ms(2000))
    assert "C" == pool.run(lambda _: "C", Deadline.after_ms(2000))
    _end(pool)


def test_an_answer_just_missed_is_nobodys() -> None:
    """A worker that answers as it is abandoned ends, and the next call gets its own answer."""
    client = Client()
    pool = WorkerPool(lambda: client)
    assert 0 == pool.run(lambda _: 0, Deadline.after_ms(1000))
    assert pool._current is not None
    pool._current.answers = LateAnswers()  # type: ignore[assignment]
    _run_in_vain(pool, lambda _: "missed", 1000)
    assert client.closed.wait(5)
    assert "next" == pool.run(lambda _: "next", Deadline.after_ms(2000))
    _end(pool)


def test_a_job_nobody_waits_for_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker abandoned before its thread came to the job ends without running it."""
    serve = _Worker._serve
    begun: list[int] = []

    def serve_late(worker: _Worker) -> None:
        until = time.monotonic() + 0.1
        while time.monotonic() < until:
            pass
        serve(worker)

    monkeypatch.setattr(_Worker, "_serve", serve_late)
    pool = WorkerPool(Client)
    _run_in_vain(pool, lambda _: begun.append(1), 10)
    _end(pool)
    assert [] == begun


def test_at_the_edge_of_the_deadline_answers_are_own_or_none(
    threads: Callable[[], list[threading.Thread]],
) -> None:
    """Jobs that end about when their deadline does: each call gets its own answer or none."""
    pool = WorkerPool(Client)
    late = 0
    for number in range(600):
        pause = random.uniform(0.0005, 0.0035)

        def job(_: Any, number: int = number, pause: float = pause) -> int:
            time.sleep(pause)
            return number

        try:
            assert number == pool.run(job, Deadline.after_ms(2))
        except NoAnswer:
            late += 1
        assert len(threads()) <= MAX_STUCK + 1
    assert 0 < late < 600
    _end(pool)
