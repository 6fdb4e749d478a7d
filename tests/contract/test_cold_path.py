"""What a cold start imports, counted in modules: nothing that its mode does not need."""

import os
import subprocess
import sys

import pytest

from tests.fakes import ENVIRONMENT

SCRIPT = """
import socket, sys
socket.getaddrinfo = None  # no key server is looked for
import claims_provider.main
print(*sys.modules)
"""
TOKEN_LIBRARIES = {"jwt", "cryptography"}
NEVER = {
    "aws_lambda_powertools.event_handler",
    "aws_xray_sdk",
    "boto3",
    "claims_provider.credentials",
    "claims_provider.snapshot",
    "claimsctl",
    "ctypes",
    "moto",
    "requests",
    "rich",
    "snapshot_restore_py",
    "typer",
}
MODULES_MAX = 500
"""A tenth above what it was when this was written."""


def _imported(mode: str) -> set[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {
        **kept,
        **ENVIRONMENT,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        "CALLER_VERIFICATION": mode,
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("mode", ["gateway", "none"])
def test_only_function_mode_pays_for_a_token_library(mode: str) -> None:
    """Without the function's own verification no JWT library is imported, nor its cryptography."""
    modules = _imported(mode)
    assert set() == {name.partition(".")[0] for name in modules} & TOKEN_LIBRARIES
    assert "claims_provider.inbound.token" not in modules


def test_function_mode_imports_it() -> None:
    """The test above would see the library if it were imported."""
    assert TOKEN_LIBRARIES <= _imported("function")


def test_a_cold_start_imports_nothing_it_does_not_need() -> None:
    """No router, tracer or boto3 resource layer, nothing of the command line or of SnapStart."""
    assert set() == _imported("gateway") & NEVER


def test_the_import_budget_holds() -> None:
    """The default mode's cold start imports no more modules than it is granted."""
    assert len(_imported("gateway")) <= MODULES_MAX
