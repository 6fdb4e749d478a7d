"""Measure warm callouts: elapsed time and processor time of each."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.functions import Function, callout
from tests.artefact.artefact import runtime_python

_WORKER = Path(__file__).with_name("warm_worker.py")
_WARMING_UP = 300


@contextmanager
def _worker(function: Function, variables: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [runtime_python(), "-s", _WORKER, function.handler],
        cwd=function.folder,
        env=dict(variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(callout()) + "\n")
        yield process
        process.stdin.close()


def _call(process: subprocess.Popen[str], times: int) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{times}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def warm_callouts(
    functions: Sequence[Function], variables: Mapping[str, str], rounds: int, calls: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return elapsed milliseconds and processor microseconds by name, for `calls` in each round."""
    elapsed: dict[str, list[float]] = {function.name: [] for function in functions}
    busy: dict[str, list[float]] = {function.name: [] for function in functions}
    with ExitStack() as stack:
        workers = {
            function: stack.enter_context(_worker(function, variables)) for function in functions
        }
        for function, worker in workers.items():
            function.check(_call(worker, _WARMING_UP)[2])
        for _ in range(rounds):
            for function, worker in workers.items():
                microseconds, cpu, _ = _call(worker, calls)
                elapsed[function.name] += [round(each / 1000, 3) for each in microseconds]
                busy[function.name] += [round(each, 1) for each in cpu]
    return elapsed, busy
