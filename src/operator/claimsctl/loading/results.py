"""What happened to rows: counts, rejections, the result of a load, and whom it reports to."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from claimsctl.claims_file.record import Record


@dataclass(frozen=True, slots=True)
class RowCounts:
    """How many rows ended in which way. Every row of the file is in one of the four."""

    written: int = 0
    unchanged: int = 0
    """The table already had what the row says; not written."""
    skipped: int = 0
    """The table had something else, and keeps it."""
    rejected: int = 0

    def __add__(self, other: "RowCounts") -> "RowCounts":
        return RowCounts(
            self.written + other.written,
            self.unchanged + other.unchanged,
            self.skipped + other.skipped,
            self.rejected + other.rejected,
        )

    @property
    def rows(self) -> int:
        """All of them."""
        return self.written + self.unchanged + self.skipped + self.rejected


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that is not in the table, and why."""

    record: Record
    reason: str


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What happened to the rows of a batch."""

    counts: RowCounts
    rejections: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LoadResult:
    """A load that came to its end."""

    rows: int
    """Of the whole file."""
    counts: RowCounts
    """The same rows by how they ended, those of the runs before `--resume` included."""
    rejects: Path
    """The rejects file; it exists when `counts` has rejected rows."""
    resumed_after: int
    """The row after which this run began; 0: the first run."""
    seconds: float
    """Of this run."""
    throttles: int
    retries: int


class LoadStopped(Exception):  # noqa: N818  # the command turns it into its error
    """A load ended before its last row. What is settled is on disk."""

    def __init__(
        self,
        reason: str,
        *,
        interrupted: bool,
        rows: int,
        written: int,
        under_way: int,
        calls_hang: bool,
        nothing_written: bool,
        checkpoint: Path | None,
    ) -> None:
        super().__init__(reason)
        self.interrupted = interrupted
        """Whether Ctrl-C ended it."""
        self.rows = rows
        """Of the whole file."""
        self.written = written
        self.under_way = under_way
        """Rows whose write has no answer; they may be in the table."""
        self.calls_hang = calls_hang
        """Whether a call has no answer yet; the interpreter waits for its time-out at its end."""
        self.nothing_written = nothing_written
        """Whether the table is certainly as before; then no checkpoint remains either."""
        self.checkpoint = checkpoint
        """Where a load with `--resume` continues from; ``None``: it cannot."""


class LoadProgress(Protocol):
    """Whom a load reports its progress to."""

    def written(self, rows: int, total: int, throttles: int) -> None:
        """So many of the file's rows are settled."""
