"""Where a warm callout of ours spends its processor time, measured on the artefact itself."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.functions import Function, callout
from tests.artefact.artefact import runtime_python

_WORKER = Path(__file__).with_name("breakdown_worker.py")


def breakdown(function: Function, variables: Mapping[str, str]) -> dict[str, list[float]]:
    """Microseconds of each part of a callout, by part; what is measured within the whole."""
    done = subprocess.run(
        [runtime_python(), "-s", _WORKER],
        cwd=function.folder,
        env=dict(variables),
        input=json.dumps(callout()),
        check=True,
        capture_output=True,
        text=True,
    )
    parts: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return parts
