"""Run the function with a clock at each step, with Lambda's Python in the artefact's folder.

Reads an event, and writes one line of JSON: the microseconds of processor time of each part, for
each callout. A part is measured within a callout, because alone in a loop it is faster.
"""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

CALLOUTS = 1000
WARMING_UP = 300

spent: Counter[str] = Counter()


def clocked(part: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """Return `call` with its processor time added to `part`."""

    def clocked_call(*arguments: Any, **options: Any) -> Any:
        began = time.process_time_ns()
        try:
            return call(*arguments, **options)
        finally:
            spent[part] += time.process_time_ns() - began

    return clocked_call


def main() -> None:
    """Measure, and write the result."""
    own = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    from claims_provider import handler as pipeline  # noqa: PLC0415
    from claims_provider.main import lambda_handler  # noqa: PLC0415

    store, telemetry = lambda_handler._store, lambda_handler._telemetry  # noqa: SLF001
    store.read = clocked("store", store.read)
    store._read = clocked("in the worker", store._read)  # noqa: SLF001
    telemetry._logger.info = clocked("log line", telemetry._logger.info)  # noqa: SLF001
    telemetry._write_metrics = clocked("metrics", telemetry._write_metrics)  # noqa: SLF001
    for name in ("read_http_event", "read_document", "read_callout"):
        setattr(pipeline, name, clocked("reading the callout", getattr(pipeline, name)))
    whole = clocked("whole", lambda_handler)
    event = json.load(sys.stdin)
    parts: dict[str, list[float]] = {}
    for number in range(WARMING_UP + CALLOUTS):
        spent.clear()
        whole(event)
        if number >= WARMING_UP:
            for part, nanoseconds in _parts(spent).items():
                parts.setdefault(part, []).append(round(nanoseconds / 1000, 1))
    own.write(json.dumps(parts) + "\n")
    own.flush()


def _parts(measured: Counter[str]) -> dict[str, int]:
    named = ("store", "log line", "metrics", "reading the callout")
    return {
        "BatchGetItem and its items": measured["in the worker"],
        "hand-over to the worker and back": measured["store"] - measured["in the worker"],
        "log line": measured["log line"],
        "metrics": measured["metrics"],
        "reading the callout": measured["reading the callout"],
        "everything else": measured["whole"] - sum(measured[name] for name in named),
        "whole": measured["whole"],
    }


if __name__ == "__main__":
    main()
