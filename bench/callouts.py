"""Measure callouts of this and other functions: ``make bench`` prints and writes the figures.

All functions are measured in turn in one run. Another machine gives other milliseconds, but similar
ratios. ``bench/results/callouts.json`` contains every sample.
"""

import json
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench.breakdown import breakdown
from bench.cold import ColdStarts, cold_starts
from bench.cpu_share import cpu_share
from bench.functions import COLD, OURS, WARM, environment
from bench.instant_table import instant_table
from bench.warm import warm_callouts

RESULTS: Final = Path(__file__).parent / "results" / "callouts.json"
COLD_ROUNDS: Final = 15
SHARE_ROUNDS: Final = 7
SHARE_MEGABYTES: Final = 512
WARM_ROUNDS: Final = 20
WARM_CALLS: Final = 25

Samples = Mapping[str, Sequence[float]]


def measure() -> dict[str, Any]:
    """Return every figure, by name."""
    with TemporaryDirectory() as folder, instant_table(Path(folder)) as table:
        scratch, variables = Path(folder), environment(table)
        _say(f"{COLD_ROUNDS} rounds of {len(COLD)} cold starts")
        cold = cold_starts(COLD, variables, COLD_ROUNDS)
        with cpu_share(SHARE_MEGABYTES) as group:
            if group is None:
                share = ColdStarts()
                _say("no control group can be made: nothing is measured at a share of a processor")
            else:
                _say(f"{SHARE_ROUNDS} rounds of them at the share of {SHARE_MEGABYTES} MB")
                share = cold_starts(COLD, variables, SHARE_ROUNDS, group)
        _say(f"{WARM_ROUNDS * WARM_CALLS} warm callouts of {len(WARM)} functions")
        warm, cpu = warm_callouts(WARM, variables, WARM_ROUNDS, WARM_CALLS)
        parts = breakdown(OURS, variables)
        sizes = {function.name: function.sizes(scratch) for function in COLD}
    return {
        "machine": f"{platform.machine()}, {_processor()}, {platform.system()}",
        "date": datetime.now(UTC).date().isoformat(),
        "rounds": {"cold": COLD_ROUNDS, "cold_512mb": SHARE_ROUNDS, "warm": WARM_ROUNDS},
        "cold_ms": cold.elapsed_ms,
        "cold_cpu_ms": cold.cpu_ms,
        "cold_ms_512mb": share.elapsed_ms,
        "warm_ms": warm,
        "warm_cpu_us": cpu,
        "warm_parts_us": parts,
        "size_bytes": sizes,
        "max_rss_mb": cold.max_rss_mb,
    }


def table_of(figures: Mapping[str, Any]) -> str:
    """Return the figures as text: medians, quartiles, and ratios to this function."""
    lines = []
    for title, unit, key in (
        ("Cold start, whole first callout", "ms", "cold_ms"),
        ("The same, processor time", "ms", "cold_cpu_ms"),
        (f"The same at {SHARE_MEGABYTES} MB's share of a processor", "ms", "cold_ms_512mb"),
        ("Warm callout, processor time", "us", "warm_cpu_us"),
        ("Warm callout, by the clock", "ms", "warm_ms"),
        ("Memory, resident at most", "MB", "max_rss_mb"),
    ):
        lines += _section(title, unit, figures[key])
    lines.append(f"{'Artefact, MB':36}{'unpacked':>10}{'zipped':>10}")
    for name, size in figures["size_bytes"].items():
        unpacked, zipped = size["unpacked"] / 1e6, size["zipped"] / 1e6
        lines.append(f"  {name:34}{unpacked:10.1f}{zipped:10.1f}")
    lines += ["", f"{'Where a warm callout of ours goes':36}{'us':>10}"]
    lines += [f"  {name:34}{median(part):10.0f}" for name, part in figures["warm_parts_us"].items()]
    return "\n".join([*lines, ""])


def _section(title: str, unit: str, samples: Samples) -> list[str]:
    if not samples:
        return [f"{title}: not measured", ""]
    lines = [f"{title:36}{unit:>10}{'quartiles':>20}{'ours is':>10}"]
    ours = median(samples[OURS.name])
    for name, values in samples.items():
        low, middle, high = quantiles(values, n=4)
        digits = 2 if middle < 10 else 0  # noqa: PLR2004
        spread = f"{low:.{digits}f} to {high:.{digits}f}"
        lines.append(f"  {name:34}{middle:10.{digits}f}{spread:>20}{ours / middle:10.2f}")
    return [*lines, ""]


def write(figures: Mapping[str, Any], path: Path) -> None:
    """Return one line for each list of samples, so that diff can compare two runs."""
    groups = []
    for key, value in figures.items():
        if isinstance(value, Mapping):
            members = (f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in value.items())
            groups.append(f"{json.dumps(key)}: {{\n" + ",\n".join(members) + "\n}")
        else:
            groups.append(f"{json.dumps(key)}: {json.dumps(value)}")
    path.parent.mkdir(exist_ok=True)
    path.write_text("{\n" + ",\n".join(groups) + "\n}\n", "utf-8")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return "unknown processor"


def _say(what: str) -> None:
    sys.stderr.write(f"bench: {what}\n")


if __name__ == "__main__":
    found = measure()
    write(found, RESULTS)
    sys.stdout.write(table_of(found))
