"""Reading keys of a table that does not give them all at once; work in parallel, in order."""

import itertools
import time
from typing import Any, cast

import pytest
from claims_provider.claims.key import LayerKey
from claimsctl.claims_table.reader import TableReader, batches, in_parallel, wire_key
from claimsctl.errors import OperatorError

KEYS = [LayerKey(f"USER#{number}", "APP#*") for number in range(3)]


class SlowTable:
    """BatchGetItem that reads so many keys a call, as scripted."""

    def __init__(self, *script: int) -> None:
        self._script = list(script)
        self.asked: list[int] = []

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803  # the SDK's
        """The first keys' items; the others are left."""
        keys = RequestItems["t"]["Keys"]
        self.asked.append(len(keys))
        count = self._script.pop(0) if self._script else 0
        left = {"t": {"Keys": keys[count:]}} if keys[count:] else {}
        return {"Responses": {"t": keys[:count]}, "UnprocessedKeys": left}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the reader would have slept."""
    slept: list[float] = []
    monkeypatch.setattr("claimsctl.claims_table.reader.time.sleep", slept.append)
    return slept


def test_keys_that_are_left_are_asked_for_again(pauses: list[float]) -> None:
    """A key that is not read is never taken for an item that is not there."""
    table = SlowTable(1, 0, 2)
    found = TableReader(cast("Any", table), "t").read(KEYS)
    assert {key: wire_key(key) for key in KEYS} == found
    assert ([3, 2, 2], 2) == (table.asked, len(pauses))


def test_keys_that_stay_unread_are_reported() -> None:
    """After ten rounds an error is raised rather than the keys being skipped."""
    table = SlowTable(1)
    with pytest.raises(OperatorError) as raised:
        TableReader(cast("Any", table), "t").read(KEYS)
    reason = (
        "table t: 2 items could not be read: DynamoDB returned them as unprocessed 10 times in a"
    )
    assert reason == str(raised.value)[: len(reason)]
    assert 10 == len(table.asked)


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
    """The results of pieces before the one that fails are yielded."""

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
