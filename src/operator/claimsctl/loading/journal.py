"""What is settled, on disk: the checkpoint, and the rejects file that belongs to it."""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from claimsctl.claims_file.rejects import RejectedRow
from claimsctl.errors import OperatorError
from claimsctl.loading.checkpoint import Checkpoint, CheckpointFile
from claimsctl.loading.outcome import Outcome, Tally
from claimsctl.loading.rejects_file import RejectsFile


@dataclass(slots=True)
class Batch:
    """Rows that are under way together."""

    last_row: int
    rows: int
    outcome: Outcome | None = None


class Ledger:
    """Batches finish in any order; they are settled in the file's."""

    def __init__(self, rows_done: int, tally: Tally) -> None:
        self.rows_done = rows_done
        """Every row up to this one is settled."""
        self.tally = tally
        """What they came to."""
        self._open: deque[Batch] = deque()

    def __len__(self) -> int:
        """Batches that are not settled."""
        return len(self._open)

    def begin(self, last_row: int, rows: int) -> Batch:
        """A batch, in the file's order."""
        batch = Batch(last_row, rows)
        self._open.append(batch)
        return batch

    def settle(self) -> list[Outcome]:
        """Outcomes, in the file's order, of batches before which nothing is open any more."""
        settled = []
        while self._open and (outcome := self._open[0].outcome) is not None:
            batch = self._open.popleft()
            self.rows_done = batch.last_row
            self.tally += outcome.tally
            settled.append(outcome)
        return settled

    def finished(self) -> Tally:
        """What all rows have come to so far, those that are not settled included."""
        total = self.tally
        for batch in self._open:
            if batch.outcome is not None:
                total += batch.outcome.tally
        return total


_SAVE_SECONDS = 0.25


class Journal:
    """Never ahead of the table: a row is noted once it is settled."""

    def __init__(
        self,
        began: Checkpoint,
        rejects: RejectsFile,
        file: CheckpointFile | None,
    ) -> None:
        """`began`: where the load begins. Without `file` it cannot be resumed."""
        self.ledger = Ledger(began.rows_done, began.tally)
        self.rejects = rejects
        self._began = began
        self._file = file
        self._saved_at = 0.0

    def open(self, refused: Iterable[RejectedRow]) -> None:
        """Begin: the rows that the check refused first, unless they are there already.

        The checkpoint comes before them, so that their file is never taken for somebody else's.
        """
        self._write(0)
        if self._began.rejects_bytes == 0:
            for row in refused:
                self.rejects.append(row.raw, row.reason)
                self.ledger.tally += Tally(rejected=1)
        self.save()

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """Outcomes, in the file's order."""
        for outcome in outcomes:
            for rejection in outcome.rejections:
                raw = self.rejects.form.raw(rejection.record)
                self.rejects.append(raw, rejection.reason)
        if time.monotonic() - self._saved_at >= _SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """Have all that is settled outlast a power failure."""
        self._write(self.rejects.sync())

    def close(self, *, over: bool) -> None:
        """The load ends; when it is `over`, all saved, there is nothing left to resume."""
        if over:
            self._remove()
        elif self._file is not None:
            self._file.close()
        self.rejects.close()

    def discard(self) -> None:
        """Nothing was done."""
        self.rejects.discard()
        self._remove()

    def _remove(self) -> None:
        if self._file is not None:
            self._file.remove()

    def _write(self, rejects_bytes: int) -> None:
        if self._file is not None:
            self._file.write(
                Checkpoint(
                    self._began.asked,
                    self._began.expires_at,
                    self.ledger.rows_done,
                    self.ledger.tally,
                    rejects_bytes,
                )
            )
        self._saved_at = time.monotonic()


_STDIN = "-"


@dataclass(frozen=True, slots=True)
class Places:
    """Files of a load, beside the file that it loads unless said otherwise."""

    checkpoint: CheckpointFile | None
    """``None``: a load of standard input that cannot be resumed."""
    rejects: Path

    @classmethod
    def of(cls, file: Path, checkpoint: Path | None, rejects: Path | None) -> "Places":
        """Those for `file` (``-``: standard input), with what the options say.

        Raises `OperatorError` for a path that ends in no name, and for one file meant as two.
        """
        stdin = str(file) == _STDIN
        if not file.name:
            message = f"{file}: a folder; expected a file"
            raise OperatorError(message)
        if checkpoint is None and not stdin:
            checkpoint = file.with_name(f"{file.name}.checkpoint")
        rejects = rejects or (Path("stdin.rejects") if stdin else _rejects_beside(file))
        meant = [file, rejects] if checkpoint is None else [file, checkpoint, rejects]
        if len({path.absolute() for path in meant}) < len(meant):
            message = "FILE, --checkpoint and --rejects: expected a file of its own for each"
            raise OperatorError(message)
        return cls(None if checkpoint is None else CheckpointFile(checkpoint), rejects)

    def close(self) -> None:
        """Leave the checkpoint to whoever goes on from it."""
        if self.checkpoint is not None:
            self.checkpoint.close()

    def begin(self, *, resume: bool) -> Checkpoint | None:
        """The checkpoint to go on from, ``None`` for a load from the first row on.

        Raises `OperatorError` when there is one and `resume` is not said, or the other way round;
        and when a new load would find a rejects file.
        """
        if resume:
            if self.checkpoint is None:
                message = "--resume of standard input needs --checkpoint, as the first run had it"
                raise OperatorError(message)
            return self.checkpoint.read()
        if self.checkpoint is not None and self.checkpoint.exists():
            message = (
                f"{self.checkpoint.path}: a load of this file was cut off; go on with it by "
                f"--resume, or remove the checkpoint to begin anew"
            )
            raise OperatorError(message)
        if self.rejects.exists():
            message = (
                f"{self.rejects}: is there already, and may hold rows of an earlier load; move it, "
                f"or name another file for rejected rows by --rejects"
            )
            raise OperatorError(message)
        return None


def _rejects_beside(file: Path) -> Path:
    name = file.name.removesuffix(".gz")
    stem, dot, suffix = name.rpartition(".")
    return file.with_name(f"{stem}.rejects.{suffix}" if stem and dot else f"{name}.rejects")
