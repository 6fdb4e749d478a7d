"""Arrivals: ascending, reproducible, and as many as their rate says."""

from itertools import pairwise
from random import Random

import pytest

from bench.arrivals import PATTERNS
from bench.scaling.patterns import DAY, HOUR, day, flashes, monday


@pytest.mark.parametrize("name", PATTERNS)
def test_arrivals_are_ascending_and_the_same_each_time(name: str) -> None:
    """The same source gives the same arrivals, in order."""
    arrivals = PATTERNS[name](Random("seed"))
    assert arrivals == PATTERNS[name](Random("seed"))
    assert all(earlier <= later for earlier, later in pairwise(arrivals))


def test_a_day_has_its_mean_rate() -> None:
    """A cosine between night and noon brings the mean of the two, most of it in daylight."""
    arrivals = day(Random("day"), night=0.01, noon=0.5, days=4)
    assert 4 * DAY * 0.255 == pytest.approx(len(arrivals), rel=0.02)
    assert sum(DAY / 4 < now % DAY < 3 * DAY / 4 for now in arrivals) > 0.8 * len(arrivals)


def test_monday_is_quiet_before_it_is_busy() -> None:
    """An hour at the first rate, five minutes of rise, five minutes at the second."""
    arrivals = monday(Random("monday"), before=0.1, after=10)
    assert HOUR * 0.1 == pytest.approx(sum(now < HOUR for now in arrivals), rel=0.2)
    busy = sum(now >= HOUR + 300 for now in arrivals)
    assert 300 * 10 == pytest.approx(busy, rel=0.05)


def test_a_flash_is_over_in_its_seconds() -> None:
    """Each night ends with all users within the given time."""
    arrivals = flashes(Random("flash"), users=50, within=10, nights=3)
    assert [50] * 3 == [
        sum(0 <= now - night * DAY <= 10 for now in arrivals) for night in (1, 2, 3)
    ]
