"""What became of rows."""

from dataclasses import dataclass, field

from claimsctl.claims_file.record import Record
from claimsctl.claims_table.retry import Pace


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


def count(number: int, noun: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def sum_told(rows: int, tally: Tally) -> str:
    """``rows`` read = what became of them; what is nothing is not told."""
    parts = [
        f"{number} {name}"
        for name, number in (
            ("written", tally.written),
            ("unchanged", tally.unchanged),
            ("skipped", tally.skipped),
            ("rejected", tally.rejected),
        )
        if number
    ]
    return f"{count(rows, 'row')} read" + (f" = {' + '.join(parts)}" if parts else "")


def effort_told(rows: int, seconds: float, pace: Pace) -> str:
    """How long this run took for `rows`, and what was in its way."""
    parts = [f"in {seconds:.1f} s", f"{rows / seconds if seconds else 0:.0f} rows/s"]
    if pace.throttles:
        parts.append(count(pace.throttles, "throttle"))
    if pace.retries:
        parts.append("1 retry" if pace.retries == 1 else f"{pace.retries} retries")
    return ", ".join(parts)
