"""Call a function repeatedly: ``warm_worker.py MODULE.FUNCTION``, in its folder.

Runs with Lambda's Python and only the artefact on its path. Reads an event, then numbers, one per
line. For each number, it makes that many calls and writes one line of JSON: the elapsed
microseconds of each call, the processor's, and the last answer.
"""

import importlib
import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Any, TextIO

TRACE = "Root=1-6925a3c0-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0"
CONTEXT = SimpleNamespace(
    function_name="bench",
    memory_limit_in_mb=1769,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:bench",
    aws_request_id="00000000-0000-0000-0000-000000000000",
)


def _own_output() -> TextIO:
    """The destination of the answers; the functions' logs are discarded."""
    own = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return own


def _call(handler: Any, event: Any, times: int) -> tuple[list[float], list[float], Any]:
    elapsed, busy, answer = [], [], None
    for _ in range(times):
        wall, cpu = time.perf_counter_ns(), time.process_time_ns()
        answer = handler(event, CONTEXT)
        cpu_end, wall_end = time.process_time_ns(), time.perf_counter_ns()
        elapsed.append((wall_end - wall) / 1000)
        busy.append((cpu_end - cpu) / 1000)
    return elapsed, busy, answer


def main() -> None:
    """Answer until the input ends."""
    own = _own_output()
    module, _, function = sys.argv[1].rpartition(".")
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    # What Lambda sets, and tracers and clients look for.
    os.environ["LAMBDA_TASK_ROOT"] = os.getcwd()  # noqa: PTH109
    os.environ["_X_AMZN_TRACE_ID"] = TRACE
    handler = getattr(importlib.import_module(module), function)
    event = json.loads(sys.stdin.readline())
    for line in sys.stdin:
        own.write(json.dumps(_call(handler, event, int(line))) + "\n")
        own.flush()


if __name__ == "__main__":
    main()
