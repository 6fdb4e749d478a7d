"""What is settled of a load, in memory and on disk, and where its files are."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from claimsctl.claims_file.rejects import RejectedRow
from claimsctl.errors import OperatorError
from claimsctl.loading.checkpoint import Checkpoint
from claimsctl.loading.checkpoint_file import CheckpointFile
from claimsctl.loading.rejects_file import RejectsFile
from claimsctl.loading.results import BatchResult, RowCounts


class LoadState:
    """Rows that are settled. On disk, it is never ahead of the table."""

    def __init__(
        self, start: Checkpoint, rejects: RejectsFile, file: CheckpointFile | None
    ) -> None:
        """`start`: where the load begins. Without `file` it cannot be resumed."""
        self.rows_done = start.rows_done
        """Every row up to this one is settled."""
        self.counts = start.counts
        """How those rows ended, the rows that the check refused included."""
        self._start = start
        self._rejects = rejects
        self._file = file

    @property
    def checkpoint_path(self) -> Path | None:
        """Where a load with `--resume` would continue from."""
        return None if self._file is None else self._file.path

    def open(self, refused: Iterable[RejectedRow]) -> None:
        """Begin: write the rows that the check refused, unless an earlier run has done it.

        The checkpoint is written before, so that the rejects file is known to belong to it.
        """
        self._write(self._start.rejects_bytes)
        if self._start.rejects_bytes == 0:
            for row in refused:
                self._rejects.append(row.raw, row.reason)
                self.counts += RowCounts(rejected=1)
        self.save()

    def settle(self, last_row: int, result: BatchResult) -> None:
        """Add a batch that ends with `last_row`; batches come in the file's order."""
        for rejection in result.rejections:
            self._rejects.append(self._rejects.form.raw(rejection.record), rejection.reason)
        self.counts += result.counts
        self.rows_done = last_row

    def save(self) -> None:
        """Make all that is settled survive a power failure."""
        self._write(self._rejects.sync())

    def close(self, *, finished: bool) -> None:
        """End the load; when it is `finished`, and saved, nothing is left to resume."""
        if finished:
            self._remove_checkpoint()
        elif self._file is not None:
            self._file.close()
        self._rejects.close()

    def discard(self) -> None:
        """Remove both files: the table is as it was."""
        self._rejects.discard()
        self._remove_checkpoint()

    def _remove_checkpoint(self) -> None:
        if self._file is not None:
            self._file.remove()

    def _write(self, rejects_bytes: int) -> None:
        if self._file is not None:
            self._file.write(
                replace(
                    self._start,
                    rows_done=self.rows_done,
                    counts=self.counts,
                    rejects_bytes=rejects_bytes,
                )
            )


_STDIN = "-"


@dataclass(frozen=True, slots=True)
class LoadPaths:
    """Files of a load, by default next to the file that it loads."""

    checkpoint: CheckpointFile | None
    """``None``: a load of standard input that cannot be resumed."""
    rejects: Path

    @classmethod
    def of(cls, file: Path, checkpoint: Path | None, rejects: Path | None) -> "LoadPaths":
        """Those for `file` (``-``: standard input), with what the options give.

        Raises `OperatorError` for a path that ends in no name, and for one path given twice.
        """
        stdin = str(file) == _STDIN
        if not file.name:
            message = f"{file}: a folder; expected a file"
            raise OperatorError(message)
        if checkpoint is None and not stdin:
            checkpoint = file.with_name(f"{file.name}.checkpoint")
        rejects = rejects or (Path("stdin.rejects") if stdin else _rejects_of(file))
        given = [file, rejects] if checkpoint is None else [file, checkpoint, rejects]
        if len({path.absolute() for path in given}) < len(given):
            message = "FILE, --checkpoint and --rejects: expected three different files"
            raise OperatorError(message)
        return cls(None if checkpoint is None else CheckpointFile(checkpoint), rejects)

    def close(self) -> None:
        """Let another process continue from the checkpoint."""
        if self.checkpoint is not None:
            self.checkpoint.close()

    def begin(self, *, resume: bool) -> Checkpoint | None:
        """The checkpoint to continue from; ``None`` for a load from the first row on.

        Raises `OperatorError` when there is a checkpoint without `resume`, when there is none with
        it, and when a new load would find a rejects file.
        """
        if resume:
            if self.checkpoint is None:
                message = "--resume of standard input needs --checkpoint, as the first run had it"
                raise OperatorError(message)
            return self.checkpoint.read()
        if self.checkpoint is not None and self.checkpoint.exists():
            message = (
                f"{self.checkpoint.path}: a load of this file was cut off; resume it with "
                f"--resume, or remove the checkpoint to start again"
            )
            raise OperatorError(message)
        if os.path.lexists(self.rejects):
            message = (
                f"{self.rejects}: already exists, and may hold rows of an earlier load; move it, "
                f"or give another file for rejected rows: --rejects"
            )
            raise OperatorError(message)
        return None


def _rejects_of(file: Path) -> Path:
    name = file.name.removesuffix(".gz")
    stem, dot, suffix = name.rpartition(".")
    return file.with_name(f"{stem}.rejects.{suffix}" if stem and dot else f"{name}.rejects")
