"""One callout as Entra makes it, with or without a retry."""

import json

import pytest
from claimsctl.entra.client import CalloutResult, CalloutTimes, make_callout, times_of
from claimsctl.judge.attempt import Attempt, Cause, NoAnswer, Phase
from claimsctl.judge.judge import judge_attempt

from tests.endpoints import Received, Reply, endpoint

WAIT_MS = 5000
BODY = {"type": "x"}


@pytest.mark.parametrize(
    ("statuses", "retries", "expected"),
    [
        ([200], 1, [200]),
        ([503, 200], 1, [503, 200]),
        ([503, 200], 0, [503]),
        ([500, 502, 200], 1, [500, 502]),
        ([400, 200], 1, [400]),
        ([302, 200], 1, [302]),
    ],
)
def test_what_may_pass_is_tried_again(
    statuses: list[int], retries: int, expected: list[int]
) -> None:
    """A 5xx is tried again as often as the extension says, and nothing that would come again."""
    answers = iter(statuses)
    with endpoint(lambda _: Reply(next(answers))) as served:
        result = make_callout(served.url, BODY, {}, WAIT_MS, retries)
    assert expected == [
        attempt.answer.status for attempt in result.attempts if attempt.answer is not None
    ]
    assert (200 == expected[-1]) == result.verdict.accepted


def test_no_connection_is_tried_again() -> None:
    """If nothing listens, the second attempt is also made and reported."""
    result = make_callout("http://127.0.0.1:1/", BODY, {}, WAIT_MS, 1)
    assert [Cause.CONNECT] * 2 == [
        attempt.no_answer.cause for attempt in result.attempts if attempt.no_answer is not None
    ]


def test_every_attempt_sends_the_same() -> None:
    """The second attempt is the same callout: a handler must be able to answer it twice."""
    with endpoint(lambda _: Reply(503)) as served:
        make_callout(served.url, BODY, {"content-type": "application/json"}, WAIT_MS, 1)
    first, second = served.received
    assert BODY == json.loads(first.body)
    assert (first.body, first.headers) == (second.body, second.headers)


def _times(*times: float) -> CalloutTimes:
    return CalloutTimes(times, len(times))


@pytest.mark.parametrize(
    ("times", "cold"),
    [
        ((900.0, 40.0, 50.0), True),
        ((90.0, 4.0, 5.0), False),
        ((900.0, 800.0, 850.0), False),
        ((900.0,), False),
    ],
    ids=["stands-out", "too-fast-for-a-start", "all-slow", "only-one"],
)
def test_a_first_callout_that_stands_out_is_called_cold(
    times: tuple[float, ...],
    cold: bool,  # noqa: FBT001
) -> None:
    """A start is guessed at only where the first callout is far slower than the others."""
    assert cold is _times(*times).began_cold


def test_percentiles_lie_within_what_was_measured() -> None:
    """Half of the callouts are faster than p50; no percentile is beyond the slowest."""
    times = _times(*map(float, range(1, 101)))
    assert 50.5 == times.percentile(50)
    assert times.percentile(99) <= 100
    assert 7.0 == _times(7.0).percentile(99)


def test_a_callouts_time_is_that_of_all_its_attempts() -> None:
    """Entra's user waits for both attempts."""
    attempts = tuple(
        Attempt({}, ms, no_answer=NoAnswer(Cause.TIMEOUT, Phase.BODY, "")) for ms in (10.0, 20.0)
    )
    times = times_of([CalloutResult(attempts, judge_attempt(attempts[-1]))])
    assert ((30.0,), 0) == (times.milliseconds, times.accepted)


def test_a_received_request_is_kept_as_it_came() -> None:
    """The tests' own endpoint says what it was sent."""
    with endpoint(lambda received: Reply(200, received.body)) as served:
        result = make_callout(served.url, BODY, {"x-a": "b"}, WAIT_MS)
    assert [Received("/callout", served.received[0].headers, b'{"type": "x"}')] == served.received
    assert "b" == served.received[0].headers["x-a"]
    assert not result.verdict.accepted
