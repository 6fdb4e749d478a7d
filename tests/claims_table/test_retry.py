"""How many calls at once, how long the pauses, when patience ends."""

import threading
from contextlib import ExitStack

import pytest
from claimsctl.claims_table.retry import Halted, Pace, Patience


def _one_call(pace: Pace, *, throttled: bool) -> None:
    with pace.call() as number:
        if throttled:
            pace.throttled(number)
        else:
            pace.calm()


def test_it_slows_down_at_once_and_speeds_up_slowly() -> None:
    """A throttle takes off a third; calm gives it back by and by, never more than the workers."""
    pace = Pace(8)
    _one_call(pace, throttled=True)
    assert 5 == pace.allowed
    _one_call(pace, throttled=False)
    assert 5 == pace.allowed
    for _ in range(200):
        _one_call(pace, throttled=False)
    assert 8 == pace.allowed


def test_one_call_is_always_allowed() -> None:
    """However often it is throttled, a load goes on."""
    pace = Pace(4)
    for _ in range(50):
        _one_call(pace, throttled=True)
    assert (1, 50) == (pace.allowed, pace.throttles)


def test_calls_of_the_same_moment_are_one_throttle() -> None:
    """Eight calls under way that are all throttled say once, not eight times, that it was much."""
    pace = Pace(8)
    with ExitStack() as under_way:
        for number in [under_way.enter_context(pace.call()) for _ in range(8)]:
            pace.throttled(number)
    assert (5, 8) == (pace.allowed, pace.throttles)


def test_it_finds_what_the_table_takes() -> None:
    """Where the table takes three calls at once, few more are made: most are not throttled."""
    pace = Pace(32)
    throttled = 0
    for _ in range(1000):
        with ExitStack() as under_way:
            calls = [under_way.enter_context(pace.call()) for _ in range(pace.allowed)]
            for place, number in enumerate(calls):
                if place < 3:
                    pace.calm()
                else:
                    pace.throttled(number)
                    throttled += 1
    assert throttled < 0.2 * 3 * 1000


def test_no_more_calls_than_allowed() -> None:
    """A worker waits for its turn."""
    pace = Pace(1)
    entered = threading.Event()

    def second() -> None:
        with pace.call():
            entered.set()

    with pace.call():
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.05)
        assert 1 == pace.under_way
    assert entered.wait(5)
    thread.join()


def test_who_waits_is_halted() -> None:
    """An order to stop reaches those who wait for a turn, those who pause, and those who come."""
    pace = Pace(1)
    halted: list[str] = []

    def wait_for_turn() -> None:
        try:
            with pace.call():
                pass
        except Halted:
            halted.append("turn")

    def pause() -> None:
        try:
            while True:
                pace.retry(Patience(pace))
        except Halted:
            halted.append("pause")

    with pace.call():
        threads = [threading.Thread(target=target) for target in (wait_for_turn, pause)]
        for thread in threads:
            thread.start()
        pace.halt()
        for thread in threads:
            thread.join(5)
    assert ["pause", "turn"] == sorted(halted)
    with pytest.raises(Halted), pace.call():
        pass


def test_pauses_grow_and_differ() -> None:
    """Twice as long each time, up to ten seconds, at random between half and whole."""
    patience = Patience(Pace(1))
    pauses = [patience.pause() for _ in range(40)]
    for number, pause in enumerate(pauses):
        longest = min(10.0, 0.05 * 2**number)
        assert longest / 2 <= pause <= longest
    assert len(set(pauses)) > 30
    patience.renew()
    assert patience.pause() <= 0.05


def test_patience_is_short_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that has never answered is most likely the wrong place."""
    now = [0.0]
    monkeypatch.setattr("claimsctl.claims_table.retry.time.monotonic", lambda: now[0])
    pace = Pace(1)
    patience = Patience(pace)
    ends = []
    for now[0], answered in ((14.9, False), (15.0, False), (15.0, True), (119, True), (120, True)):
        pace.answered = answered
        ends.append(patience.at_its_end)
    assert ([False, True, False, False, True], 120.0) == (ends, patience.seconds)
    patience.renew()
    assert (False, 0.0) == (patience.at_its_end, patience.seconds)
