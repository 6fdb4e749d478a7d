"""Which share of callouts comes too late, by how they arrive and how environments start.

``make arrivals`` plays each pattern of arrivals against a model of Lambda's environments, with the
durations of bench/results/callouts.json, and writes the tables of docs/scaling.md. Nothing is
measured here, and the same file gives the same tables: every run has its own seeded source.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.document import replace_block
from bench.scaling.patterns import HOUR, day, flashes, monday, steady
from bench.scaling.pool import Fleet, Served, Start, serve
from bench.scaling.timing import Timing

_ROOT = Path(__file__).parents[1]
CALLOUTS = _ROOT / "bench/results/callouts.json"
DOCUMENT = _ROOT / "docs/scaling.md"

PROVISIONED = 5
WAIT_MS = 1000
LONG_WAIT_MS = 2000
RETRIES = 1
_IDLE_MINUTES = (5, 15)
_LIFE_MINUTES = (60, 120)

PATTERNS: dict[str, Callable[[Random], list[float]]] = {
    "one an hour": lambda random: steady(random, 1 / HOUR, 2000 * HOUR),
    "one a minute": lambda random: steady(random, 1 / 60, 60 * HOUR),
    "1 a second": lambda random: steady(random, 1, 2.5 * HOUR),
    "10 a second": lambda random: steady(random, 10, 900),
    "50 a second: a tenant's limit": lambda random: steady(random, 50, 200),
    "500 a second: the stage's limit": lambda random: steady(random, 500, 20),
    "a day, 1 a minute to 1 every 4 s": lambda random: day(random, 1 / 60, 0.25, 1),
    "Monday: 1 a minute, then 20 a second": lambda random: monday(random, 1 / 60, 20),
    "500 users in 10 s after an idle night": lambda random: flashes(random, 500, 10, 20),
}


@dataclass(frozen=True, slots=True)
class Variant:
    """A function, as it is started."""

    name: str
    function: str
    snapstart: bool = False
    provisioned: int = 0


VARIANTS = (
    Variant("on demand", "ours"),
    Variant("SnapStart", "ours", snapstart=True),
    Variant(f"{PROVISIONED} provisioned", "ours", provisioned=PROVISIONED),
    Variant("tutorial, on demand", "tutorial-plain"),
)


def play(
    pattern: str, variant: Variant, cold_ms: dict[str, list[float]], warm_ms: dict[str, list[float]]
) -> Served:
    """One pattern against one variant; the arrivals are the same for every variant."""
    timing = Timing(cold_ms[variant.function], warm_ms[variant.function], variant.snapstart)
    random = Random(f"{pattern} {variant.name}")
    fleet = Fleet(
        variant.provisioned,
        idle_for=lambda: 60 * random.uniform(*_IDLE_MINUTES),
        lives_for=lambda: 60 * random.uniform(*_LIFE_MINUTES),
    )
    arrivals = PATTERNS[pattern](Random(pattern))
    return serve(arrivals, fleet, lambda start: timing.draw(start, random), WAIT_MS, RETRIES)


def _share(part: float) -> str:
    if part == 0:
        return "0"
    return f"{part:.1%}" if part >= 0.01 else f"{part:.2%}" if part >= 0.0001 else "< 0.01%"  # noqa: PLR2004


def tables(callouts: Path) -> str:
    """The tables of docs/scaling.md, as Markdown, from the measurements in `callouts`."""
    measured = json.loads(callouts.read_text("utf-8"))
    names = [variant.name for variant in VARIANTS]
    load = ["| arrivals | callouts | cold | busy at most |", "|---|--:|--:|--:|"]
    missed = [
        f"| arrivals | {' | '.join(names)} |",
        f"|---|{'--:|' * len(names)}",
    ]
    for pattern in PATTERNS:
        served = [
            play(pattern, variant, measured["cold_ms"], measured["warm_ms"]) for variant in VARIANTS
        ]
        plain = served[0]
        cold = plain.starts[Start.COLD] / plain.starts.total()
        arrivals = len(plain.first_ms)
        load.append(f"| {pattern} | {arrivals:,} | {_share(cold)} | {plain.most_busy} |")
        cells = [
            " / ".join(
                _share(part)
                for part in (one.missed(WAIT_MS), one.missed(LONG_WAIT_MS), one.lost / arrivals)
            )
            for one in served
        ]
        missed.append(f"| {pattern} | {' | '.join(cells)} |")
    return "\n".join([*load, "", *missed])


if __name__ == "__main__":
    if not CALLOUTS.is_file():
        sys.exit(f"{CALLOUTS.relative_to(_ROOT)} is missing: make bench measures and writes it")
    replace_block(DOCUMENT, "arrivals", tables(CALLOUTS))
