"""What is settled of a load, in memory and on disk: checkpoint and rejects file."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from claimsctl.claims_file.rejects import RejectedRow
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
