"""The summary adds up, and names only what there was."""

from pathlib import Path

import pytest
from claimsctl.cli.load_view import effort_sentence, rows_sentence
from claimsctl.loading.results import LoadResult, RowCounts


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (RowCounts(), "0 rows read"),
        (RowCounts(written=1), "1 row read = 1 written"),
        (RowCounts(1, 2, 3, 4), "10 rows read = 1 written + 2 unchanged + 3 skipped + 4 rejected"),
        (RowCounts(unchanged=5, rejected=1), "6 rows read = 5 unchanged + 1 rejected"),
    ],
)
def test_it_adds_up(counts: RowCounts, message: str) -> None:
    """Counts of zero are omitted."""
    assert message == rows_sentence(counts.rows, counts)


def _result(rows: int, seconds: float, **others: int) -> LoadResult:
    numbers = {"resumed_after": 0, "throttles": 0, "retries": 0, **others}
    counts = RowCounts(written=rows)
    return LoadResult(rows=rows, counts=counts, rejects=Path("r"), seconds=seconds, **numbers)


@pytest.mark.parametrize(
    ("throttles", "retries", "message"),
    [(0, 0, ""), (1, 1, ", 1 throttle, 1 retry"), (2, 3, ", 2 throttles, 3 retries")],
)
def test_the_effort(throttles: int, retries: int, message: str) -> None:
    """Time and speed of this run; throttles and retries where there were any."""
    result = _result(100, 4.0, throttles=throttles, retries=retries)
    assert f"in 4.0 s, 25 rows/s{message}" == effort_sentence(result)


def test_a_resumed_loads_effort() -> None:
    """Its speed counts the rows of this run."""
    result = _result(100, 4.0, resumed_after=60)
    assert "in 4.0 s, 10 rows/s, resumed after row 60" == effort_sentence(result)


def test_a_load_of_no_time() -> None:
    """No division by nothing."""
    assert "in 0.0 s, 0 rows/s" == effort_sentence(_result(0, 0.0))
