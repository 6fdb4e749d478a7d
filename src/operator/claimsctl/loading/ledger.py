"""Which rows are settled: all of them up to one, and what they came to."""

from collections import deque
from dataclasses import dataclass

from claimsctl.loading.outcome import Outcome, Tally


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
