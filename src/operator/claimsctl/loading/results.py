"""The results of rows and loads: counts, rejections, and the protocol for progress."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from claimsctl.claims_file.record import Record


@dataclass(frozen=True, slots=True)
class RowCounts:
    """The number of rows by result. Every row of the file has one of the four results."""

    written: int = 0
    unchanged: int = 0
    """The item already matched the row; not written."""
    skipped: int = 0
    """A different item exists and is kept."""
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
        """The sum of the counts."""
        return self.written + self.unchanged + self.skipped + self.rejected


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not written, and the reason."""

    record: Record
    reason: str


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The results of the rows of a batch."""

    counts: RowCounts
    rejections: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The result of a finished load."""

    rows: int
    """Of the whole file."""
    counts: RowCounts
    """The same rows by result, including those of the runs before `--resume`."""
    rejects: Path
    """The rejects file; it exists if `counts` has rejected rows."""
    resumed_after: int
    """The row after which this run began; 0 for the first run."""
    seconds: float
    """Of this run."""
    throttles: int
    retries: int


class LoadStopped(Exception):  # noqa: N818  # the command turns it into its error
    """A load stopped before its last row. The state of settled rows is on disk."""

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
        """Whether a call has no answer yet; at exit, the interpreter waits for its time-out."""
        self.nothing_written = nothing_written
        """Whether the table is certainly unchanged; then there is no checkpoint either."""
        self.checkpoint = checkpoint
        """The checkpoint for `--resume`; ``None`` if the load cannot be resumed."""


class LoadProgress(Protocol):
    """The receiver of a load's progress."""

    def written(self, rows: int, total: int, throttles: int) -> None:
        """Report how many of the file's rows are settled."""
