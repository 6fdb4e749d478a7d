"""The SAM CLI's own libraries, in a Python of their own: they pin another boto3 than ours."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
PYTHON = ROOT / os.environ.get("SAM_VENV", ".venv-sam") / "bin" / "python"


@cache
def transform(template: str, parameters: str) -> Any:
    """What the SAM transform makes of a template file, for parameters given as a JSON object."""
    return _run("transform.py", template, parameters)


def resource_schema(type_: str) -> Any:
    """CloudFormation's schema of a resource type."""
    return resource_schemas(type_)[type_]


@cache
def resource_schemas(*types: str) -> Any:
    """CloudFormation's schemas of resource types, by type: one process for all."""
    return _run("resource_schema.py", *types)


def _run(script: str, *arguments: str) -> Any:
    if not PYTHON.exists():
        pytest.skip("engine missing: aws-sam-cli (make check installs it)")
    done = subprocess.run(
        [PYTHON, Path(__file__).with_name(script), *arguments],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)
