"""Measure cold starts: from the request to the first answer of a new environment."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.functions import Function, callout
from tests.runtime.emulator import emulator

_ENTER: Final = 'for file in "$1" "$2"; do echo $$ > "$file"; done; shift 2; exec "$@"'
"""Note the own process id in two files, and become the command that follows."""


Samples = dict[str, list[float]]


@dataclass(frozen=True)
class ColdStarts:
    """What was measured, by the function's name."""

    elapsed_ms: Samples = field(default_factory=dict)
    """From the request to the answer."""
    cpu_ms: Samples = field(default_factory=dict)
    """Processor time of the runtime and the function: the same, whatever else the machine does."""
    max_rss_mb: Samples = field(default_factory=dict)
    """What was resident at most."""


def cold_starts(
    functions: Sequence[Function],
    variables: Mapping[str, str],
    rounds: int,
    group: Path | None = None,
) -> ColdStarts:
    """Measure a cold start of all functions in turn, `rounds` times.

    `group` is called with the id of the process to limit to a share of a processor.
    """
    found = ColdStarts()
    for _ in range(rounds):
        for function in functions:
            elapsed_ms, process = _cold_start(function, variables, group)
            for samples, value in (
                (found.elapsed_ms, elapsed_ms),
                (found.cpu_ms, process[0]),
                (found.max_rss_mb, process[1]),
            ):
                samples.setdefault(function.name, []).append(round(value, 1))
    return found


def _cold_start(
    function: Function, variables: Mapping[str, str], group: Path | None
) -> tuple[float, tuple[float, float]]:
    event = callout()
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        process_id = scratch / "process-id"
        enter = ("sh", "-c", _ENTER, "enter", str(process_id), str(group or "/dev/null"))
        with emulator(
            function.folder, scratch, handler=function.handler, started_by=enter, **variables
        ) as environment:
            began = time.perf_counter()
            answer = environment.invoke(event)
            elapsed_ms = (time.perf_counter() - began) * 1000
            function.check(answer)
            return elapsed_ms, _usage(Path("/proc") / process_id.read_text().strip())


def _usage(process: Path) -> tuple[float, float]:
    """Return the milliseconds of processor time and the peak resident megabytes so far."""
    threads = process.glob("task/*/schedstat")
    nanoseconds = sum(int(thread.read_text().split()[0]) for thread in threads)
    status = dict(
        line.split(":", 1) for line in (process / "status").read_text().splitlines() if ":" in line
    )
    return nanoseconds / 1e6, int(status["VmHWM"].split()[0]) / 1024
