"""The settled rows of a load, in memory and on disk, and the paths of its files.

A row is settled when its result is final: written, unchanged, skipped or rejected.
"""

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
    """The settled rows. The state on disk is never ahead of the table."""

    def __init__(
        self, start: Checkpoint, rejects: RejectsFile, file: CheckpointFile | None
    ) -> None:
        """`start`: where the load begins. Without `file`, the load cannot be resumed."""
        self.rows_done = start.rows_done
        """Every row up to this one is settled."""
        self.counts = start.counts
        """The results of those rows, and of the rows that the check rejected."""
        self._start = start
        self._rejects = rejects
        self._file = file

    @property
    def checkpoint_path(self) -> Path | None:
        """The checkpoint for `--resume`, if there is one."""
        return None if self._file is None else self._file.path

    def open(self, refused: Iterable[RejectedRow]) -> None:
        """Write the rows that the check rejected, unless an earlier run has done so.

        The checkpoint is written first, so that it is known which load the rejects file belongs to.
        """
        self._write(self._start.rejects_bytes)
        if self._start.rejects_bytes == 0:
            for row in refused:
                self._rejects.append(row.raw, row.reason)
                self.counts += RowCounts(rejected=1)
        self.save()

    def settle(self, last_row: int, result: BatchResult) -> None:
        """Add a batch that ends with `last_row`; batches are added in the order of the file."""
        for rejection in result.rejections:
            self._rejects.append(self._rejects.form.raw(rejection.record), rejection.reason)
        self.counts += result.counts
        self.rows_done = last_row

    def save(self) -> None:
        """Write the settled rows to disk, so that they survive a power failure."""
        self._write(self._rejects.sync())

    def close(self, *, finished: bool) -> None:
        """End the load, and remove the checkpoint if the load is `finished` and saved."""
        if finished:
            self._remove_checkpoint()
        elif self._file is not None:
            self._file.close()
        self._rejects.close()

    def discard(self) -> None:
        """Remove both files, because the table is unchanged."""
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
    """The files of a load, by default next to the input file."""

    checkpoint: CheckpointFile | None
    """``None`` for a load of standard input that cannot be resumed."""
    rejects: Path

    @classmethod
    def of(cls, file: Path, checkpoint: Path | None, rejects: Path | None) -> "LoadPaths":
        """Return the paths for `file` (``-`` for standard input) and the given options.

        Raises `OperatorError` for a path without a file name, and when two paths are the same.
        """
        stdin = str(file) == _STDIN
        if not file.name:
            message = f"{file}: expected a file, found a folder"
            raise OperatorError(message)
        if checkpoint is None and not stdin:
            checkpoint = file.with_name(f"{file.name}.checkpoint")
        rejects = rejects or (Path("stdin.rejects") if stdin else _rejects_of(file))
        given = [file, rejects] if checkpoint is None else [file, checkpoint, rejects]
        if len({path.absolute() for path in given}) < len(given):
            message = "FILE, --checkpoint and --rejects must be different files"
            raise OperatorError(message)
        return cls(None if checkpoint is None else CheckpointFile(checkpoint), rejects)

    def close(self) -> None:
        """Release the checkpoint to other processes."""
        if self.checkpoint is not None:
            self.checkpoint.close()

    def begin(self, *, resume: bool) -> Checkpoint | None:
        """Return the checkpoint to continue from, or ``None`` for a load from the first row.

        Raises `OperatorError` when a checkpoint exists without `resume` or is missing with it, and
        when a rejects file exists before a new load.
        """
        if resume:
            if self.checkpoint is None:
                message = (
                    "--resume of standard input requires --checkpoint with the path from the first"
                    " run"
                )
                raise OperatorError(message)
            return self.checkpoint.read()
        if self.checkpoint is not None and self.checkpoint.exists():
            message = (
                f"{self.checkpoint.path}: a load of this file was interrupted. To continue it, add"
                " --resume; to start a new load, remove this checkpoint"
            )
            raise OperatorError(message)
        if os.path.lexists(self.rejects):
            message = (
                f"{self.rejects}: the rejects file already exists and may contain rows of an"
                " earlier load; move it, or use another path with --rejects"
            )
            raise OperatorError(message)
        return None


def _rejects_of(file: Path) -> Path:
    name = file.name.removesuffix(".gz")
    stem, dot, suffix = name.rpartition(".")
    return file.with_name(f"{stem}.rejects.{suffix}" if stem and dot else f"{name}.rejects")
