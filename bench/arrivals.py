"""Simulate the share of late callouts, by arrival pattern and startup mode.

``make arrivals`` plays each pattern of arrivals against a model of Lambda's environments, with the
durations of bench/results/callouts.json, and writes the tables of docs/scaling.md and of
bench/README.md. Nothing is measured here, and the same file gives the same tables: every run has
its own seeded source.
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
from bench.scaling.timing import Measured, Timing, cold_stretch

_ROOT = Path(__file__).parents[1]
CALLOUTS = _ROOT / "bench/results/callouts.json"
DOCUMENT = _ROOT / "docs/scaling.md"
"""Shows how long one callout takes."""
DETAILS = _ROOT / "bench/README.md"
"""Shows what becomes of many."""

FETCHES_MS = (0, 100, 300, 500, 1000, 1500)
"""How long each of the authorizer's two fetches may take; AWS ends one after the last."""
PROVISIONED = 2
"""The template's default."""
WAIT_MS = 1000
LONG_WAIT_MS = 2000
RETRIES = 1
_IDLE_MINUTES = (5, 15)
_LIFE_MINUTES = (60, 120)
_SLOWER = (1, 1.5, 2, 3)
_DRAWS = 4000

Played = dict[str, list[Served]]
"""What became of each pattern, for each variant in turn."""

PATTERNS: dict[str, Callable[[Random], list[float]]] = {
    "one an hour": lambda random: steady(random, 1 / HOUR, 2000 * HOUR),
    "one a minute": lambda random: steady(random, 1 / 60, 60 * HOUR),
    "1 a second": lambda random: steady(random, 1, 1.5 * HOUR),
    "10 a second": lambda random: steady(random, 10, 500),
    "50 a second: a tenant's limit": lambda random: steady(random, 50, 100),
    "500 a second: ten tenants' limits": lambda random: steady(random, 500, 10),
    "a day, 1 a minute to 1 every 8 s": lambda random: day(random, 1 / 60, 0.125, 1),
    "Monday: 1 a minute, then 20 a second": lambda random: monday(random, 1 / 60, 20),
    "500 users in 10 s after an idle night": lambda random: flashes(random, 500, 10, 10),
}


@dataclass(frozen=True, slots=True)
class Variant:
    """A function in a startup mode."""

    name: str
    cold: str
    warm: str
    snapstart: bool = False
    provisioned: int = 0


VARIANTS = (
    Variant("on demand", "ours", "ours"),
    Variant("SnapStart", "ours", "ours", snapstart=True),
    Variant(f"{PROVISIONED} provisioned", "ours", "ours", provisioned=PROVISIONED),
    Variant("tutorial, on demand", "tutorial-plain", "tutorial"),
)


def play(pattern: str, variant: Variant, measured: Measured, slower: float = 1) -> Served:
    """Run one pattern against one variant; the arrivals are the same for every variant."""
    timing = _timing(variant, measured, slower)
    random = Random(f"{pattern} {variant.name}")
    fleet = Fleet(
        variant.provisioned,
        idle_for=lambda: 60 * random.uniform(*_IDLE_MINUTES),
        lives_for=lambda: 60 * random.uniform(*_LIFE_MINUTES),
    )
    arrivals = PATTERNS[pattern](Random(pattern))
    return serve(arrivals, fleet, lambda start: timing.draw(start, random), WAIT_MS, RETRIES)


def _timing(variant: Variant, measured: Measured, slower: float = 1) -> Timing:
    cold_ms, warm_ms = measured["cold_ms"][variant.cold], measured["warm_ms"][variant.warm]
    return Timing(cold_ms, warm_ms, variant.snapstart, slower * cold_stretch(measured))


def _durations(measured: Measured) -> str:
    rows = _head("a callout", [variant.name for variant in VARIANTS])
    for start, name in ((Start.WARM, "warm"), (Start.COLD, "first in its environment")):
        cells = []
        for variant in VARIANTS:
            timing = _timing(variant, measured)
            random = Random(f"{name} {variant.name}")
            found = Start.READY if variant.provisioned and start is Start.COLD else start
            drawn = sorted(timing.draw(found, random).total_ms for _ in range(_DRAWS))
            cells.append(f"{drawn[_DRAWS // 2]:.0f} / {drawn[_DRAWS * 99 // 100]:.0f} ms")
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _loads(played: Played) -> str:
    rows = ["| arrivals | callouts | cold | busy at most |", "|---|--:|--:|--:|"]
    for pattern, (served, *_) in played.items():
        cold = served.starts[Start.COLD] / served.starts.total()
        callouts = len(served.first_ms)
        rows.append(f"| {pattern} | {callouts:,} | {_share(cold)} | {served.most_busy} |")
    return "\n".join(rows)


def _losses(played: Played) -> str:
    rows = _head("arrivals", [variant.name for variant in VARIANTS])
    for pattern, all_served in played.items():
        cells = [_missed(served) for served in all_served]
        rows.append(f"| {pattern} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _slower(measured: Measured) -> str:
    pattern = next(iter(PATTERNS))
    variants = [variant for variant in VARIANTS if not variant.provisioned]
    rows = _head(f"{pattern}, if starts take", [variant.name for variant in variants])
    for slower in _SLOWER:
        cells = [_missed(play(pattern, variant, measured, slower)) for variant in variants]
        rows.append(f"| {slower:g} times as long | {' | '.join(cells)} |")
    return "\n".join(rows)


def _key_fetches(measured: Measured) -> str:
    """Return the share of callouts that are late because the authorizer has no keys."""
    timing = _timing(VARIANTS[0], measured)
    rows = _head("if each of two fetches takes", ["a warm environment", "a new one"])
    for fetch_ms in FETCHES_MS:
        cells = []
        for start in (Start.WARM, Start.COLD):
            random = Random(f"keys {start}")
            took = [timing.draw(start, random).total_ms + 2 * fetch_ms for _ in range(_DRAWS)]
            late = (sum(ms > wait for ms in took) / _DRAWS for wait in (WAIT_MS, LONG_WAIT_MS))
            cells.append(" / ".join(map(_share, late)))
        rows.append(f"| {fetch_ms} ms | {' | '.join(cells)} |")
    return "\n".join(rows)


def _head(first: str, names: list[str]) -> list[str]:
    return [f"| {first} | {' | '.join(names)} |", f"|---|{'--:|' * len(names)}"]


def _missed(served: Served) -> str:
    lost = served.lost / len(served.first_ms)
    shares = (served.missed(WAIT_MS), served.missed(LONG_WAIT_MS), lost)
    return " / ".join(_share(share) for share in shares)


def _share(part: float) -> str:
    if part == 0:
        return "0"
    if part < 0.0001:  # noqa: PLR2004
        return "< 0.01%"
    return f"{part:.1%}" if part >= 0.01 else f"{part:.2%}"  # noqa: PLR2004


def tables(callouts: Path) -> dict[Path, str]:
    """The tables of each page, as Markdown, from the measurements in `callouts`."""
    measured: Measured = json.loads(callouts.read_text("utf-8"))
    played: Played = {
        pattern: [play(pattern, variant, measured) for variant in VARIANTS] for pattern in PATTERNS
    }
    return {
        DOCUMENT: _durations(measured),
        DETAILS: "\n\n".join(
            [_loads(played), _losses(played), _slower(measured), _key_fetches(measured)]
        ),
    }


if __name__ == "__main__":
    if not CALLOUTS.is_file():
        sys.exit(f"{CALLOUTS.relative_to(_ROOT)} is missing: make bench measures and writes it")
    for page, made in tables(CALLOUTS).items():
        replace_block(page, "arrivals", made)
