"""How many calls at once, how long the pauses, when a retry budget is spent."""

import threading
from contextlib import ExitStack

import pytest
from claimsctl.claims_table.retry import Cancelled, RateLimiter, RetryBudget


def _one_call(limiter: RateLimiter, *, throttled: bool) -> None:
    with limiter.call() as number:
        if throttled:
            limiter.throttled(number)
        else:
            limiter.succeeded()


def test_it_slows_down_at_once_and_speeds_up_slowly() -> None:
    """A throttle takes off a third; calm gives it back by and by, never more than the workers."""
    limiter = RateLimiter(8)
    _one_call(limiter, throttled=True)
    assert 5 == limiter.allowed
    _one_call(limiter, throttled=False)
    assert 5 == limiter.allowed
    for _ in range(200):
        _one_call(limiter, throttled=False)
    assert 8 == limiter.allowed


def test_one_call_is_always_allowed() -> None:
    """A load continues however often it is throttled."""
    limiter = RateLimiter(4)
    for _ in range(50):
        _one_call(limiter, throttled=True)
    assert (1, 50) == (limiter.allowed, limiter.throttles)


def test_calls_of_the_same_moment_are_one_throttle() -> None:
    """Eight calls under way that are all throttled say once, not eight times, that it was much."""
    limiter = RateLimiter(8)
    with ExitStack() as under_way:
        for number in [under_way.enter_context(limiter.call()) for _ in range(8)]:
            limiter.throttled(number)
    assert (5, 8) == (limiter.allowed, limiter.throttles)


def test_it_finds_what_the_table_takes() -> None:
    """Where the table takes three calls at once, few more are made: most are not throttled."""
    limiter = RateLimiter(32)
    throttled = 0
    for _ in range(1000):
        with ExitStack() as under_way:
            calls = [under_way.enter_context(limiter.call()) for _ in range(limiter.allowed)]
            for place, number in enumerate(calls):
                if place < 3:
                    limiter.succeeded()
                else:
                    limiter.throttled(number)
                    throttled += 1
    assert throttled < 0.2 * 3 * 1000


def test_no_more_calls_than_allowed() -> None:
    """A worker waits for its turn."""
    limiter = RateLimiter(1)
    entered = threading.Event()

    def second() -> None:
        with limiter.call():
            entered.set()

    with limiter.call():
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.05)
    assert entered.wait(5)
    thread.join()


def test_who_waits_is_cancelled() -> None:
    """A cancel reaches those who wait for a turn, those who pause, and those who come."""
    limiter = RateLimiter(1)
    cancelled: list[str] = []

    def wait_for_turn() -> None:
        try:
            with limiter.call():
                pass
        except Cancelled:
            cancelled.append("turn")

    def pause() -> None:
        try:
            limiter.pause(60)
        except Cancelled:
            cancelled.append("pause")

    with limiter.call():
        threads = [threading.Thread(target=target) for target in (wait_for_turn, pause)]
        for thread in threads:
            thread.start()
        limiter.cancel()
        for thread in threads:
            thread.join(5)
    assert ["pause", "turn"] == sorted(cancelled)
    with pytest.raises(Cancelled), limiter.call():
        pass


def test_pauses_grow_and_differ() -> None:
    """Twice as long each time, up to ten seconds, at random between half and whole."""
    budget = RetryBudget(RateLimiter(1))
    pauses = [budget.next_pause() for _ in range(40)]
    for number, pause in enumerate(pauses):
        longest = min(10.0, 0.05 * 2**number)
        assert longest / 2 <= pause <= longest
    assert len(set(pauses)) > 30
    budget.renew()
    assert budget.next_pause() <= 0.05


def test_the_budget_is_small_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that has never answered is most likely the wrong place."""
    now = [0.0]
    monkeypatch.setattr("claimsctl.claims_table.retry.time.monotonic", lambda: now[0])
    limiter = RateLimiter(1)
    budget = RetryBudget(limiter)
    ends = []
    for now[0], answered in ((14.9, False), (15.0, False), (15.0, True), (119, True), (120, True)):
        limiter.answered = answered
        ends.append(budget.is_spent)
    assert ([False, True, False, False, True], 120.0) == (ends, budget.seconds)
    budget.renew()
    assert (False, 0.0) == (budget.is_spent, budget.seconds)
