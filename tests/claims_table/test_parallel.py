"""Work in parallel, a bounded number of pieces ahead."""

import itertools
import time

import pytest
from claimsctl.claims_table.parallel import batches, in_parallel


def test_results_come_in_order() -> None:
    """Whoever is done first, pieces come out as they went in."""

    def slow_when_even(number: int) -> int:
        time.sleep(0.003 * (number % 2 == 0))
        return number * number

    done = list(in_parallel(slow_when_even, range(30), workers=4, ahead=6))
    assert [(number, number * number) for number in range(30)] == done


def test_it_does_not_run_ahead() -> None:
    """An endless input is taken a few pieces at a time."""
    taken = itertools.count()
    results = in_parallel(lambda piece: piece, taken, workers=2, ahead=5)
    assert [(0, 0), (1, 1), (2, 2)] == list(itertools.islice(results, 3))
    assert 8 > next(taken)
    results.close()  # type: ignore[attr-defined]  # a generator


def test_what_goes_wrong_is_raised_in_its_place() -> None:
    """Pieces before the one that fails are done, and told."""

    def fail_at_three(number: int) -> int:
        if number == 3:
            raise RuntimeError
        return number

    results = in_parallel(fail_at_three, range(100))
    assert [(0, 0), (1, 1), (2, 2)] == list(itertools.islice(results, 3))
    with pytest.raises(RuntimeError):
        next(results)


def test_batches_leave_nothing_out() -> None:
    """The last batch is as small as what is left; nothing makes none."""
    assert [(0, 1, 2), (3, 4)] == list(batches(range(5), 3))
    assert [] == list(batches([], 3))
