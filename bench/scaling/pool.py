"""A model of Lambda's execution environments: which requests wait for a start.

An environment answers one request at a time. A request uses a free provisioned environment,
otherwise the most recently used on-demand one, otherwise it waits for a new one; there is no queue
(AWS Lambda developer guide, "Understanding Lambda function scaling"). Which of several idle
environments Lambda uses is not documented; with the most recently used one, the fewest stay alive,
and there are the most cold starts.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import count


class Start(Enum):
    """How a request found its environment."""

    WARM = "warm"
    READY = "ready"  # provisioned, initialised, and not used before
    COLD = "cold"


@dataclass(slots=True)
class _Environment:
    provisioned: bool
    used: bool = False
    ends: float = float("inf")
    retires: float = float("inf")


@dataclass(frozen=True, slots=True)
class Fleet:
    """Lambda's environments; times in seconds, drawn for each environment and idle period."""

    provisioned: int
    idle_for: Callable[[], float]
    lives_for: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request's milliseconds in its environment, and on the way."""

    held_ms: float
    way_ms: float

    @property
    def total_ms(self) -> float:
        """Return how long the caller waits."""
        return self.held_ms + self.way_ms


@dataclass(slots=True)
class Served:
    """The results of the arrivals."""

    first_ms: list[float]
    """Per arrival, in order of arrival: how long the first attempt took."""
    lost: int = 0
    """Arrivals of which no attempt was answered in time."""
    starts: Counter[Start] = field(default_factory=Counter)
    """Attempts by how they found their environment."""
    most_busy: int = 0

    def missed(self, wait_ms: float) -> float:
        """The share of arrivals whose first attempt took longer than `wait_ms`."""
        return sum(taken > wait_ms for taken in self.first_ms) / len(self.first_ms)


class _Pool:
    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._ready = [_Environment(provisioned=True) for _ in range(fleet.provisioned)]
        self._idle: list[_Environment] = []
        self._busy: list[tuple[float, int, _Environment]] = []
        self._ties = count()

    @property
    def busy(self) -> int:
        return len(self._busy)

    def take(self, now: float) -> tuple[_Environment, Start]:
        """Return the environment for a request at `now`; the caller returns it with `hold`."""
        while self._busy and self._busy[0][0] <= now:
            freed, _, environment = heapq.heappop(self._busy)
            environment.ends = freed + self._fleet.idle_for()
            (self._ready if environment.provisioned else self._idle).append(environment)
        if self._ready:
            environment = self._ready.pop()
            start = Start.WARM if environment.used else Start.READY
            environment.used = True
            return environment, start
        while self._idle:
            environment = self._idle.pop()
            if now < min(environment.ends, environment.retires):
                return environment, Start.WARM
        return _Environment(provisioned=False, retires=now + self._fleet.lives_for()), Start.COLD

    def hold(self, environment: _Environment, until: float) -> None:
        heapq.heappush(self._busy, (until, next(self._ties), environment))


def serve(
    arrivals: Sequence[float],
    fleet: Fleet,
    cost: Callable[[Start], Attempt],
    wait_ms: float,
    retries: int = 0,
) -> Served:
    """Run `arrivals` (seconds, ascending) against `fleet`.

    A caller that has waited for `wait_ms` gives up and, `retries` times, calls again immediately;
    the abandoned request still occupies its environment.
    """
    served = Served([0.0] * len(arrivals))
    pool = _Pool(fleet)
    calls = [(time, number, 0) for number, time in enumerate(arrivals)]  # ascending: a heap
    while calls:
        now, number, attempts = heapq.heappop(calls)
        environment, start = pool.take(now)
        attempt = cost(start)
        pool.hold(environment, now + attempt.held_ms / 1000)
        served.starts[start] += 1
        served.most_busy = max(served.most_busy, pool.busy)
        if attempts == 0:
            served.first_ms[number] = attempt.total_ms
        if attempt.total_ms > wait_ms:
            if attempts < retries:
                heapq.heappush(calls, (now + wait_ms / 1000, number, attempts + 1))
            else:
                served.lost += 1
    return served
