"""What became of rows."""

from dataclasses import dataclass, field

from claimsctl.dataset.record import Record


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows came to what. Every row of the file is in one of the four."""

    written: int = 0
    unchanged: int = 0
    """Found in the table as the file has them; not written."""
    skipped: int = 0
    """Something else was in the table, and was to stay."""
    rejected: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
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
class Outcome:
    """What became of a batch."""

    tally: Tally
    rejections: list[Rejection] = field(default_factory=list)
