"""Arrival patterns: ascending times in seconds from the start, from a given random source."""

from collections.abc import Callable
from math import cos, pi
from random import Random

HOUR = 3600.0
DAY = 24 * HOUR


def steady(random: Random, rate: float, seconds: float) -> list[float]:
    """A Poisson process of `rate` a second."""
    return varying(random, lambda _: rate, rate, seconds)


def varying(
    random: Random, rate: Callable[[float], float], peak: float, seconds: float
) -> list[float]:
    """A Poisson process whose `rate` a second changes with time and is never above `peak`."""
    times = []
    now = random.expovariate(peak)
    while now < seconds:
        if random.random() * peak < rate(now):
            times.append(now)
        now += random.expovariate(peak)
    return times


def day(random: Random, night: float, noon: float, days: int) -> list[float]:
    """From `night` at midnight to `noon` at noon and back, as a cosine."""

    def rate(now: float) -> float:
        return night + (noon - night) * (1 - cos(2 * pi * now / DAY)) / 2

    return varying(random, rate, noon, days * DAY)


def monday(random: Random, before: float, after: float) -> list[float]:
    """An hour of `before`, five minutes of steady rise, five of `after`."""

    def rate(now: float) -> float:
        return before + (after - before) * min(max(now - HOUR, 0) / 300, 1)

    return varying(random, rate, after, HOUR + 600)


def flashes(random: Random, users: int, within: float, nights: int) -> list[float]:
    """`users` within a few seconds, once after each of `nights` nights without any."""
    return [
        (night + 1) * DAY + moment
        for night in range(nights)
        for moment in sorted(random.uniform(0, within) for _ in range(users))
    ]
