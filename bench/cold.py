"""Cold starts: from the request to the first answer of an environment that has not begun yet."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.functions import Function, callout
from tests.runtime.emulator import emulator

_ENTER: Final = 'for file in "$1" "$2"; do echo $$ > "$file"; done; shift 2; exec "$@"'
"""Note the own process id in two files, and become the command that follows."""


def cold_start(
    function: Function, variables: Mapping[str, str], group: Path | None = None
) -> tuple[float, float]:
    """Milliseconds of the first callout, and megabytes that were resident at most.

    `group` takes the process id of what shall be held to a share of a processor.
    """
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
            return elapsed_ms, _max_rss_mb(int(process_id.read_text()))


def cold_starts(
    functions: Sequence[Function],
    variables: Mapping[str, str],
    rounds: int,
    group: Path | None = None,
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """`cold_start` of all functions in turn, `rounds` times; by name."""
    elapsed: dict[str, list[float]] = {function.name: [] for function in functions}
    resident: dict[str, list[float]] = {function.name: [] for function in functions}
    for _ in range(rounds):
        for function in functions:
            milliseconds, megabytes = cold_start(function, variables, group)
            elapsed[function.name].append(round(milliseconds, 2))
            resident[function.name].append(round(megabytes, 1))
    return elapsed, resident


def _max_rss_mb(process_id: int) -> float:
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    message = "the kernel does not tell VmHWM"
    raise RuntimeError(message)
