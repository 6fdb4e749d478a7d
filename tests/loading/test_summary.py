"""The summary adds up, and names only what there was."""

import pytest
from claimsctl.claims_table.retry import Pace
from claimsctl.loading.outcome import Tally, effort_told, sum_told


@pytest.mark.parametrize(
    ("tally", "told"),
    [
        (Tally(), "0 rows read"),
        (Tally(written=1), "1 row read = 1 written"),
        (Tally(1, 2, 3, 4), "10 rows read = 1 written + 2 unchanged + 3 skipped + 4 rejected"),
        (Tally(unchanged=5, rejected=1), "6 rows read = 5 unchanged + 1 rejected"),
    ],
)
def test_it_adds_up(tally: Tally, told: str) -> None:
    """What is nothing is not told."""
    assert told == sum_told(tally.rows, tally)


@pytest.mark.parametrize(
    ("throttles", "retries", "told"),
    [(0, 0, ""), (1, 1, ", 1 throttle, 1 retry"), (2, 3, ", 2 throttles, 3 retries")],
)
def test_the_effort(throttles: int, retries: int, told: str) -> None:
    """Time and speed of this run; throttles and retries where there were any."""
    pace = Pace(1)
    pace.throttles, pace.retries = throttles, retries
    assert f"in 4.0 s, 25 rows/s{told}" == effort_told(100, 4.0, pace)


def test_a_load_of_no_time() -> None:
    """No division by nothing."""
    assert "in 0.0 s, 0 rows/s" == effort_told(0, 0.0, Pace(1))
