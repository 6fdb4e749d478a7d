"""The model of Lambda's environments: nothing lost, nothing twice, Erlang's formula holds."""

from bisect import bisect_right
from itertools import accumulate
from math import exp, inf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scaling.patterns import steady
from bench.scaling.pool import Attempt, Fleet, Served, Start, serve

FOR_EVER = 1e9


def _fleet(provisioned: int = 0, idle: float = inf, life: float = inf) -> Fleet:
    return Fleet(provisioned, idle_for=lambda: idle, lives_for=lambda: life)


def _serve(
    arrivals: list[float], fleet: Fleet, warm_ms: float, cold_ms: float | None = None
) -> Served:
    def cost(start: Start) -> Attempt:
        return Attempt(cold_ms if start is Start.COLD and cold_ms is not None else warm_ms, 0)

    return serve(arrivals, fleet, cost, wait_ms=FOR_EVER)


ARRIVALS = st.lists(st.floats(0.001, 10), min_size=1, max_size=60).map(
    lambda gaps: list(accumulate(gaps))
)


@given(ARRIVALS, st.integers(0, 5), st.floats(1, 20_000), st.integers(0, 1))
def test_every_arrival_is_answered_once(
    arrivals: list[float], provisioned: int, taken_ms: float, retries: int
) -> None:
    """As many attempts as arrivals, and one more for each retry; a lost arrival is lost once."""
    late = taken_ms > 1000
    served = serve(arrivals, _fleet(provisioned), lambda _: Attempt(taken_ms, 0), 1000, retries)
    assert [taken_ms] * len(arrivals) == served.first_ms
    assert len(arrivals) * (1 + late * retries) == served.starts.total()
    assert len(arrivals) * late == served.lost


@given(ARRIVALS, st.floats(1, 20_000))
def test_an_environment_answers_one_at_a_time(arrivals: list[float], taken_ms: float) -> None:
    """On demand, with environments that stay, there are as many as callouts ever overlap."""
    served = _serve(arrivals, _fleet(), taken_ms)
    ends = [arrival + taken_ms / 1000 for arrival in arrivals]
    overlapping = [
        place + 1 - bisect_right(ends, arrival) for place, arrival in enumerate(arrivals)
    ]
    assert max(overlapping) == served.starts[Start.COLD] == served.most_busy


@given(ARRIVALS, st.floats(1, 20_000))
def test_enough_provisioned_environments_start_none(arrivals: list[float], taken_ms: float) -> None:
    """With as many provisioned environments as callouts, no callout waits for a start."""
    served = _serve(arrivals, _fleet(provisioned=len(arrivals), idle=0, life=0), taken_ms)
    assert 0 == served.starts[Start.COLD]


def test_an_idle_environment_goes() -> None:
    """A callout finds what was idle for less than its time, and starts anew after it."""
    served = _serve([0, 9, 30], _fleet(idle=10), warm_ms=1, cold_ms=7)
    assert [7, 1, 7] == served.first_ms


def test_an_old_environment_goes() -> None:
    """An environment in use is replaced at the end of its life all the same."""
    served = _serve([0, 4, 8, 12], _fleet(idle=10, life=10), warm_ms=1, cold_ms=7)
    assert [7, 1, 1, 7] == served.first_ms


def test_a_retry_finds_what_the_first_attempt_holds() -> None:
    """An attempt that was given up holds its environment on: the retry at once starts another."""
    served = serve([0, 10], _fleet(), lambda _: Attempt(1500, 0), wait_ms=1000, retries=1)
    assert (2, 2) == (served.starts[Start.COLD], served.starts[Start.WARM])


def test_a_retry_can_save() -> None:
    """A sign-in is lost only when the retry is late too."""
    attempts = iter([Attempt(1500, 0), Attempt(10, 0), Attempt(1500, 0), Attempt(1500, 0)])
    served = serve([0, 10], _fleet(), lambda _: next(attempts), wait_ms=1000, retries=1)
    assert (1.0, 1) == (served.missed(1000), served.lost)


def test_the_way_counts_and_holds_nothing() -> None:
    """The caller waits for the way too; the environment does not."""
    served = serve([0, 1], _fleet(), lambda _: Attempt(10, 2000), wait_ms=1000)
    assert ([2010, 2010], 2, 1) == (served.first_ms, served.lost, served.most_busy)


@pytest.mark.parametrize(("rate", "idle"), [(1 / 600, 600), (1 / 60, 120)])
def test_rare_callouts_find_a_cold_function(rate: float, idle: float) -> None:
    """Poisson arrivals that take no time start anew after each gap above the idle time: e^-λT."""
    arrivals = steady(Random("rare"), rate, 20_000 / rate)
    served = _serve(arrivals, _fleet(idle=idle), warm_ms=0.001)
    assert exp(-rate * idle) == pytest.approx(served.starts[Start.COLD] / len(arrivals), abs=0.01)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (5, 4.0), (20, 15.0)])
def test_what_provisioned_environments_leave_is_erlangs(servers: int, load: float) -> None:
    """Callouts that find all provisioned environments busy are as many as Erlang B says."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    arrivals = steady(Random("erlang"), load, 40_000 / load)
    served = _serve(arrivals, _fleet(provisioned=servers, idle=0), warm_ms=1000)
    assert blocked == pytest.approx(served.starts[Start.COLD] / len(arrivals), abs=0.015)
