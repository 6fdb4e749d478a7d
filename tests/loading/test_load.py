"""Rows, workers and what is settled: the loader over a writer of the test's own."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from claimsctl.claims_file.record import Record
from claimsctl.claims_file.rejects import RejectsFormat
from claimsctl.claims_table.retry import Pace, Stopped
from claimsctl.errors import OperatorError
from claimsctl.loading.checkpoint import Checkpoint, CheckpointFile
from claimsctl.loading.journal import Journal
from claimsctl.loading.loader import Load, LoadStopped
from claimsctl.loading.outcome import Outcome, Rejection, Tally
from claimsctl.loading.rejects_file import RejectsFile

from tests.loading.meeting import record_of


class FakeWriter:
    """Remembers the rows it gets; `act` may do what it likes with a batch first."""

    def __init__(self, act: Callable[[Sequence[Record]], None] = lambda _: None) -> None:
        self.rows: list[int] = []
        self._act = act
        self._lock = threading.Lock()

    def write(self, batch: Sequence[Record]) -> Outcome:
        """Reject rows that end in 7, write the others."""
        self._act(batch)
        with self._lock:
            self.rows += [numbered.row for numbered in batch]
        bad = [record for record in batch if record.row % 10 == 7]
        return Outcome(
            Tally(len(batch) - len(bad), rejected=len(bad)),
            [Rejection(record, "ends in 7") for record in bad],
        )


def _rows(first: int, last: int) -> Iterator[Record]:
    return (replace(record_of(n), row=n, line=n + 1) for n in range(first, last + 1))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal at its beginning."""
    return _journal(tmp_path)


def _journal(folder: Path, began: Checkpoint | None = None) -> Journal:
    form = RejectsFormat(("user", "n"), ",", {})
    resume_at = None if began is None else began.rejects_bytes
    rejects = RejectsFile(folder / "rejects.csv", form, resume_at=resume_at)
    file = CheckpointFile(folder / "checkpoint")
    if began is not None:
        file.read()
    journal = Journal(began or Checkpoint({}), rejects, file)
    journal.open([])
    return journal


@pytest.mark.parametrize("workers", [1, 7])
@pytest.mark.parametrize("count", [0, 1, 25, 26, 333])
def test_every_row_is_written_once(
    journal: Journal, tmp_path: Path, count: int, workers: int
) -> None:
    """Whatever the number of rows and workers."""
    writer = FakeWriter()
    Load(journal, Pace(workers)).run(_rows(1, count), writer, workers)
    assert list(range(1, count + 1)) == sorted(writer.rows)
    assert (count, count) == (journal.ledger.tally.rows, journal.ledger.rows_done)
    journal.close(over=True)
    rejected = sum(n % 10 == 7 for n in range(1, count + 1))
    lines = (tmp_path / "rejects.csv").read_text().splitlines()[1:] if rejected else []
    assert [str(n) for n in range(1, count + 1) if n % 10 == 7] == [x.split(",")[1] for x in lines]
    assert not (tmp_path / "checkpoint").exists()


def test_what_is_not_settled_is_done_again(tmp_path: Path) -> None:
    """A load that stops and is resumed has every row, the one that stopped it included."""
    first = FakeWriter(_stop_at(200))
    journal = _journal(tmp_path)
    with pytest.raises(LoadStopped, match="enough") as raised:
        Load(journal, Pace(3)).run(_rows(1, 500), first, 3)
    journal.close(over=False)
    assert 25 <= raised.value.under_way <= 75
    began = CheckpointFile(tmp_path / "checkpoint").read()
    assert began.rows_done <= 175
    assert set(range(1, began.rows_done + 1)) <= set(first.rows)
    second = FakeWriter()
    journal = _journal(tmp_path, began)
    Load(journal, Pace(3)).run(_rows(began.rows_done + 1, 500), second, 3)
    journal.close(over=True)
    assert set(range(1, 501)) == {*first.rows, *second.rows}
    assert Tally(450, rejected=50) == journal.ledger.tally
    lines = (tmp_path / "rejects.csv").read_text().splitlines()[1:]
    assert [str(n) for n in range(7, 501, 10)] == [line.split(",")[1] for line in lines]


def _stop_at(row: int) -> Callable[[Sequence[Record]], None]:
    def act(batch: Sequence[Record]) -> None:
        if batch[0].row <= row <= batch[-1].row:
            message = "enough"
            raise Stopped(message)

    return act


def test_an_interrupt_stops_it_between_rows(journal: Journal) -> None:
    """Ctrl-C while rows are written is heeded once what is settled is noted."""
    before = signal.getsignal(signal.SIGINT)  # a shell's background jobs ignore it
    writer = FakeWriter(
        lambda batch: os.kill(os.getpid(), signal.SIGINT) if batch[0].row > 100 else None
    )
    with pytest.raises(LoadStopped) as raised:
        Load(journal, Pace(1)).run(_rows(1, 100_000), writer, 1)
    assert ("interrupted", True) == (str(raised.value), raised.value.interrupted)
    assert 100 <= journal.ledger.finished().rows < 100_000
    assert before == signal.getsignal(signal.SIGINT)


def test_memory_is_bounded(journal: Journal) -> None:
    """While no worker comes on, no more rows are read than the workers have in hand."""
    go = threading.Event()
    read: list[int] = []
    held: list[int] = []

    def rows() -> Iterator[Record]:
        for numbered in _rows(1, 2000):
            read.append(numbered.row)
            yield numbered

    def wait(_: Sequence[Record]) -> None:
        go.wait(5)

    def look(_: int) -> None:
        held.append(len(read))
        if len(held) > 10:
            go.set()

    Load(journal, Pace(2), look).run(rows(), FakeWriter(wait), 2)
    in_hand, queued, next_one = 2, 2 * 2, 1
    assert (2000, 25 * (in_hand + queued + next_one)) == (len(read), held[10])


@pytest.mark.parametrize("seconds", [0, 60], ids=["half-way", "at-the-end"])
def test_a_full_disk_stops_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    """What cannot be noted is not gone on with, and a load whose rejects are lost is not over."""

    def fail(*_: object) -> None:
        message = "disk full"
        raise OperatorError(message)

    monkeypatch.setattr(journal, "save", fail)
    monkeypatch.setattr("claimsctl.loading.journal._SAVE_SECONDS", seconds)
    with pytest.raises(LoadStopped, match="disk full"):
        Load(journal, Pace(1)).run(_rows(1, 500), FakeWriter(), 1)


def test_an_error_of_ours_is_not_hidden(journal: Journal) -> None:
    """A fault in the writer ends the load; it is no row's."""

    def fail(_: Sequence[Record]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Load(journal, Pace(2)).run(_rows(1, 500), FakeWriter(fail), 2)
