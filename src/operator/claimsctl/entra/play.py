"""One callout as Entra makes it: attempts until one is answered, and what Entra would see."""

import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, Final

from claimsctl.entra.attempt import Attempt, Cause
from claimsctl.entra.finding import Verdict
from claimsctl.entra.judge.attempt import judge_attempt
from claimsctl.entra.transport import send_callout

RETRIES_MAX: Final = 1
"""``maximumRetries`` of the extension, by Graph's reference."""

_SERVER_ERROR = 500
_COLD_RATIO = 3.0
_COLD_MS = 100.0


@dataclass(frozen=True, slots=True)
class Played:
    """The attempts at one callout, and the verdict on the last."""

    attempts: tuple[Attempt, ...]
    verdict: Verdict

    @property
    def last(self) -> Attempt:
        """The attempt that counts."""
        return self.attempts[-1]


@dataclass(frozen=True, slots=True)
class Series:
    """Times of several callouts in a row, in milliseconds."""

    times: tuple[float, ...]
    accepted: int

    def percentile(self, share: int) -> float:
        """The time that `share` of a hundred callouts stay under."""
        if len(self.times) == 1:
            return self.times[0]
        return quantiles(self.times, n=100, method="inclusive")[share - 1]

    @property
    def began_cold(self) -> bool:
        """Whether the first callout seems to have waited for a start: it stands out by far."""
        first, *others = self.times
        return bool(others) and first > max(_COLD_RATIO * median(others), _COLD_MS)


def play_callout(
    url: str,
    body: Mapping[str, Any],
    headers: Mapping[str, str],
    wait_ms: int,
    retries: int = 0,
    trust: ssl.SSLContext | None = None,
) -> Played:
    """Call, and once more up to `retries` times when there was no answer or one of 5xx.

    Entra's documentation says that it tries again, and not after what: that is our reading.
    """
    sent = json.dumps(body).encode()
    attempts: list[Attempt] = []
    while True:
        attempts.append(send_callout(url, sent, headers, wait_ms, trust))
        if len(attempts) > retries or not _tries_again(attempts[-1]):
            return Played(tuple(attempts), judge_attempt(attempts[-1], wait_ms))


def series_of(plays: Sequence[Played]) -> Series:
    """Times and verdicts of several callouts; a callout's time is that of all its attempts."""
    times = tuple(sum(attempt.elapsed_ms for attempt in played.attempts) for played in plays)
    return Series(times, sum(played.verdict.accepted for played in plays))


def _tries_again(attempt: Attempt) -> bool:
    if attempt.answer is not None:
        return attempt.answer.status >= _SERVER_ERROR
    assert attempt.no_answer is not None, "an attempt ends in one of the two"  # noqa: S101
    return attempt.no_answer.cause is not Cause.TOO_LARGE
