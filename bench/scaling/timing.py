"""The duration of an attempt: measurements on this machine, and assumptions.

Measured (bench/results/callouts.json): the whole first callout of an environment under Lambda's
runtime emulator, and a warm one. Everything that the emulator does not show is assumed below, on
the slow side where public figures differ, and listed in bench/README.md with its source.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from random import Random
from statistics import median

from bench.scaling.pool import Attempt, Start

_Z99 = 2.3263
"""The standard normal distribution's 99th percentile."""


@dataclass(frozen=True, slots=True)
class LogNormal:
    """A distribution of milliseconds, by median and 99th percentile."""

    median: float
    p99: float

    def draw(self, random: Random) -> float:
        """One duration."""
        return exp(random.gauss(log(self.median), log(self.p99 / self.median) / _Z99))


PYTHON_INIT_MS = 80.0
"""Lambda's Init Duration of an empty Python 3.13 function on arm64, published median."""
WARM_STRETCH = 2.0
"""A warm callout takes Lambda's vCPU so many times what was measured."""
WAY = LogNormal(60, 250)
"""Name, TCP and TLS from Entra to the gateway, authorizer, and back; no connection is reused."""
PLACEMENT = LogNormal(120, 300)
"""A microVM and the code in it, before Lambda's own Init Duration begins."""
RESTORE = LogNormal(450, 800)
"""Lambda's Restore Duration of a SnapStart version."""
CONNECTION = LogNormal(25, 80)
"""TCP and TLS to DynamoDB, in an environment's first callout."""
TABLE = LogNormal(5, 25)
"""DynamoDB's BatchGetItem beyond what the loopback table of the measurement took."""


Measured = Mapping[str, Mapping[str, Sequence[float]]]
"""``cold_ms`` and ``warm_ms``: samples by function, as `make bench` writes them."""


def cold_stretch(measured: Measured) -> float:
    """Return how much longer a cold start takes on Lambda, estimated from Python alone."""
    return PYTHON_INIT_MS / median(measured["cold_ms"]["python"])


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations of one function in one startup mode."""

    cold_ms: Sequence[float]
    warm_ms: Sequence[float]
    snapstart: bool = False
    cold_stretch: float = 1

    def draw(self, start: Start, random: Random) -> Attempt:
        """One attempt's cost."""
        held = TABLE.draw(random)
        if start is not Start.WARM:
            held += CONNECTION.draw(random)
        if start is Start.COLD:
            held += PLACEMENT.draw(random)
        if start is Start.COLD and not self.snapstart:
            held += self.cold_stretch * random.choice(self.cold_ms)
        else:
            held += WARM_STRETCH * random.choice(self.warm_ms)
        if start is Start.COLD and self.snapstart:
            held += RESTORE.draw(random)
        return Attempt(held, WAY.draw(random))
