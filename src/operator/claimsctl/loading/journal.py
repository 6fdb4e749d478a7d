"""What is settled, on disk: the checkpoint, and the rejects file that belongs to it."""

import time
from collections.abc import Iterable

from claimsctl.dataset.rejected import RejectedRow
from claimsctl.loading.checkpoint import Checkpoint, CheckpointFile
from claimsctl.loading.ledger import Ledger
from claimsctl.loading.outcome import Outcome, Tally
from claimsctl.loading.rejects_file import RejectsFile

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
