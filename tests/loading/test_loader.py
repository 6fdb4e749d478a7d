"""Windows of batches, workers and what is settled: the loader over a writer of the test's own."""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from claimsctl.claims_file.record import Record
from claimsctl.claims_file.rejects import RejectsFormat
from claimsctl.claims_table.retry import CallFailed, RateLimiter
from claimsctl.errors import OperatorError
from claimsctl.loading.checkpoint import Checkpoint
from claimsctl.loading.checkpoint_file import CheckpointFile
from claimsctl.loading.loader import WINDOW_BATCHES, Windows
from claimsctl.loading.rejects_file import RejectsFile
from claimsctl.loading.results import BatchResult, Rejection, RowCounts
from claimsctl.loading.state import LoadState

from tests.loading.meeting import record_of
from tests.loading.test_checkpoint import REQUEST


class FakeWriter:
    """Remembers the rows it gets; `act` may do what it likes with a batch first."""

    def __init__(self, act: Callable[[Sequence[Record]], None] = lambda _: None) -> None:
        self.rows: list[int] = []
        self._act = act
        self._lock = threading.Lock()

    def write(self, batch: Sequence[Record]) -> BatchResult:
        """Reject rows that end in 7, write the others."""
        self._act(batch)
        with self._lock:
            self.rows += [record.row for record in batch]
        bad = [record for record in batch if record.row % 10 == 7]
        return BatchResult(
            RowCounts(len(batch) - len(bad), rejected=len(bad)),
            [Rejection(record, "ends in 7") for record in bad],
        )


def _rows(first: int, last: int) -> Iterator[Record]:
    return (replace(record_of(n), row=n, line=n + 1) for n in range(first, last + 1))


def _windows(state: LoadState, writer: FakeWriter, workers: int) -> Windows:
    return Windows(state, RateLimiter(workers), writer, workers)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[LoadState]:
    """A load at its beginning."""
    state = _state(tmp_path)
    yield state
    state.close(finished=False)


def _state(folder: Path, start: Checkpoint | None = None) -> LoadState:
    form = RejectsFormat(("user", "n"), ",", {})
    resume_at = None if start is None else start.rejects_bytes
    rejects = RejectsFile(folder / "rejects.csv", form, resume_at=resume_at)
    file = CheckpointFile(folder / "checkpoint")
    if start is not None:
        file.read()
    state = LoadState(start or Checkpoint.begin(REQUEST, None), rejects, file)
    state.open([])
    return state


def _rejected(folder: Path) -> list[str]:
    path = folder / "rejects.csv"
    lines = path.read_text().splitlines()[1:] if path.exists() else []
    return [line.split(",")[1] for line in lines]


@pytest.mark.parametrize("workers", [1, 7])
@pytest.mark.parametrize("count", [0, 1, 25, 26, 333])
def test_every_row_is_written_once(
    state: LoadState, tmp_path: Path, count: int, workers: int
) -> None:
    """Whatever the number of rows and workers."""
    writer = FakeWriter()
    _windows(state, writer, workers).run(_rows(1, count))
    assert list(range(1, count + 1)) == sorted(writer.rows)
    assert (count, count) == (state.counts.rows, state.rows_done)
    state.close(finished=True)
    assert [str(n) for n in range(1, count + 1) if n % 10 == 7] == _rejected(tmp_path)
    assert not (tmp_path / "checkpoint").exists()


@pytest.mark.parametrize("seed", range(3))
def test_batches_are_settled_in_the_files_order(
    state: LoadState, tmp_path: Path, seed: int
) -> None:
    """Whichever batch finishes first, the rejects file has the order of the file."""
    chance = random.Random(seed)
    writer = FakeWriter(lambda _: time.sleep(chance.random() * 0.01))
    _windows(state, writer, 5).run(_rows(1, 500))
    state.close(finished=True)
    assert writer.rows != sorted(writer.rows)
    assert [str(n) for n in range(7, 501, 10)] == _rejected(tmp_path)


def test_what_is_not_settled_is_done_again(tmp_path: Path) -> None:
    """A load that stops and is resumed has every row, the one that stopped it included."""
    first = FakeWriter(_fail_at(200))
    state = _state(tmp_path)
    windows = _windows(state, first, 3)
    with pytest.raises(CallFailed, match="enough"):
        windows.run(_rows(1, 500))
    state.close(finished=False)
    assert 25 <= windows.under_way <= 75
    with closing(CheckpointFile(tmp_path / "checkpoint")) as file:
        start = file.read()
    assert start.rows_done <= 175
    assert start.counts.written + windows.written_unsettled == sum(n % 10 != 7 for n in first.rows)
    assert set(range(1, start.rows_done + 1)) <= set(first.rows)
    second = FakeWriter()
    state = _state(tmp_path, start)
    _windows(state, second, 3).run(_rows(start.rows_done + 1, 500))
    state.close(finished=True)
    assert set(range(1, 501)) == {*first.rows, *second.rows}
    assert RowCounts(450, rejected=50) == state.counts
    assert [str(n) for n in range(7, 501, 10)] == _rejected(tmp_path)


def _fail_at(row: int) -> Callable[[Sequence[Record]], None]:
    def act(batch: Sequence[Record]) -> None:
        if batch[0].row <= row <= batch[-1].row:
            message = "enough"
            raise CallFailed(message)

    return act


def test_the_checkpoint_follows_each_window(state: LoadState, tmp_path: Path) -> None:
    """When a window begins, all windows before it are in the checkpoint."""
    window = 2 * WINDOW_BATCHES * 25
    ahead: list[int] = []

    def look(batch: Sequence[Record]) -> None:
        done = json.loads((tmp_path / "checkpoint").read_text())["rows_done"]
        ahead.append((batch[0].row - 1) // window * window - done)

    _windows(state, FakeWriter(look), 2).run(_rows(1, 1000))
    assert {0} == set(ahead)


def test_an_interrupt_stops_it_between_rows(state: LoadState) -> None:
    """Ctrl-C while rows are written is heeded once what is settled is saved."""
    before = signal.getsignal(signal.SIGINT)  # a shell's background jobs ignore it
    writer = FakeWriter(
        lambda batch: os.kill(os.getpid(), signal.SIGINT) if batch[0].row == 101 else None
    )
    windows = _windows(state, writer, 1)
    with pytest.raises(KeyboardInterrupt):
        windows.run(_rows(1, 100_000))
    assert 100 <= state.counts.rows + windows.written_unsettled < 100_000
    assert before == signal.getsignal(signal.SIGINT)


def test_an_interrupt_does_not_wait_for_a_call_that_hangs(
    state: LoadState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the grace period the load ends; the batch counts as under way."""
    monkeypatch.setattr("claimsctl.loading.loader._GRACE_SECONDS", 0.2)
    go = threading.Event()

    def hang(batch: Sequence[Record]) -> None:
        if batch[0].row == 51:
            while 50 not in writer.rows:  # a batch that an interrupt overtakes is not written
                time.sleep(0.001)
            os.kill(os.getpid(), signal.SIGINT)
            go.wait(30)

    writer = FakeWriter(hang)
    windows = _windows(state, writer, 2)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        windows.run(_rows(1, 200))
    assert time.monotonic() - began < 10
    assert (50, 25, True) == (state.rows_done, windows.under_way, windows.is_running)
    go.set()


def test_memory_is_bounded(state: LoadState) -> None:
    """No row is read before the window before it is settled."""
    read: list[int] = []
    settled: list[int] = []

    def rows() -> Iterator[Record]:
        for record in _rows(1, 2000):
            read.append(record.row)
            yield record

    _windows(state, FakeWriter(), 2).run(rows(), lambda: settled.append(len(read)))
    window = 2 * WINDOW_BATCHES * 25
    assert list(range(window, 2001, window)) == settled


@pytest.mark.parametrize("last", [100, 1000], ids=["at-the-end", "half-way"])
def test_a_full_disk_stops_it(state: LoadState, monkeypatch: pytest.MonkeyPatch, last: int) -> None:
    """What cannot be saved is not continued, and a load whose rejects are lost is not over."""

    def fail(*_: object) -> None:
        message = "disk full"
        raise OperatorError(message)

    monkeypatch.setattr(state, "save", fail)
    writer = FakeWriter()
    with pytest.raises(OperatorError, match="disk full"):
        _windows(state, writer, 1).run(_rows(1, last))
    assert min(last, WINDOW_BATCHES * 25) == len(writer.rows)


def test_an_error_of_ours_is_not_hidden(state: LoadState) -> None:
    """A fault in the writer ends the load; it is no row's."""

    def fail(_: Sequence[Record]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _windows(state, FakeWriter(fail), 2).run(_rows(1, 500))


def test_the_first_checkpoint_of_a_resumed_load_keeps_its_rejects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load that is killed right after it is resumed loses no rejected row."""
    state = _state(tmp_path)
    with pytest.raises(CallFailed):
        _windows(state, FakeWriter(_fail_at(150)), 1).run(_rows(1, 500))
    state.close(finished=False)
    path = tmp_path / "checkpoint"
    before = path.read_text()

    def killed(_: LoadState) -> None:
        raise ZeroDivisionError

    form = RejectsFormat(("user", "n"), ",", {})
    with closing(CheckpointFile(path)) as file:
        start = file.read()
        rejects = RejectsFile(tmp_path / "rejects.csv", form, resume_at=start.rejects_bytes)
        monkeypatch.setattr(LoadState, "save", killed)
        with pytest.raises(ZeroDivisionError):
            LoadState(start, rejects, file).open([])
        rejects.close()
    assert json.loads(before)["rejects_bytes"] > 0
    assert before == path.read_text()
