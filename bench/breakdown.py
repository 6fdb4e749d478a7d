"""Measure where a warm callout spends its processor time, on the built artefact."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.functions import Function, callout
from tests.artefact.artefact import runtime_python

_WORKER = Path(__file__).with_name("breakdown_worker.py")


def breakdown(function: Function, variables: Mapping[str, str]) -> dict[str, list[float]]:
    """Return the microseconds of each part of a callout, measured within a whole callout."""
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
