"""What a load came to, in words that add up."""

from claimsctl.loading.outcome import Tally
from claimsctl.loading.pace import Pace


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
