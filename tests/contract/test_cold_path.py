"""What a cold start imports and does, counted in modules and calls: nothing that is not needed."""

import os
import subprocess
import sys

import pytest

from tests.fakes import ENVIRONMENT

MODULES = """
import socket, sys
socket.getaddrinfo = None  # no key server is looked for
{}
print(*sys.modules)
"""
CALLS = """
import gc, sys, threading
gc.disable()
calls = 0
def count(*_):
    global calls
    calls += 1
threading.setprofile(count)
sys.setprofile(count)
{}
sys.setprofile(None)
threading.setprofile(None)
print(calls)
"""
COLLECTIONS = """
import gc
began = []
gc.callbacks.append(lambda phase, _: began.append(phase))
import claims_provider.main
gc.callbacks.clear()
print(len(began), gc.isenabled(), gc.get_freeze_count() > 10_000)
"""
FUNCTION = "import claims_provider.main"
CLIENT = "import botocore.session; botocore.session.Session().create_client('dynamodb')"
"""What nobody can do without who asks DynamoDB by botocore."""

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
    "pydantic.v1",
    "requests",
    "rich",
    "snapshot_restore_py",
    "typer",
}
MODULES_MAX = 140
CALLS_MAX = 1.47
"""Beyond a client's modules, and as a multiple of its calls: 132 and 1.44 when this was written, on
Python 3.11, 129 and 1.43 on 3.13. boto3 alone would make it 1.48 at least, a router 1.54."""


def _printed(script: str, mode: str = "gateway") -> str:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {
        **kept,
        **ENVIRONMENT,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "CALLER_VERIFICATION": mode,
        "PYTHONHASHSEED": "0",
    }
    return subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout


def _imported(mode: str = "gateway", script: str = FUNCTION) -> set[str]:
    return set(_printed(MODULES.format(script), mode).split())


def _calls(script: str) -> int:
    return int(_printed(CALLS.format(script)))


def test_pydantic_looks_for_no_plugins() -> None:
    """Searching all that is installed for plugins is switched off before pydantic is imported."""
    found = f"{FUNCTION}; from pydantic.plugin import _loader; print(_loader._plugins)"
    assert "None" == _printed(found).strip()


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
    assert set() == _imported() & NEVER


def test_the_import_budget_holds() -> None:
    """The default mode imports few modules beyond those of a client for DynamoDB."""
    assert len(_imported() - _imported(script=CLIENT)) <= MODULES_MAX


def test_the_budget_of_calls_holds() -> None:
    """A cold start, its client included, makes few calls more than the making of that client."""
    assert _calls(FUNCTION) <= CALLS_MAX * _calls(CLIENT)


@pytest.mark.parametrize("library", ["boto3", "aws_lambda_powertools.event_handler"])
def test_the_budget_of_calls_is_tight(library: str) -> None:
    """Any of the libraries that tutorials begin with would exceed it."""
    assert _calls(f"{FUNCTION}, {library}") > CALLS_MAX * _calls(CLIENT)


def test_a_cold_start_collects_no_garbage() -> None:
    """Nothing is collected on the way, what is there then is left alone, and then it goes on."""
    _printed(FUNCTION)  # compiles what is new, as the artefact's build does
    assert ["0", "True", "True"] == _printed(COLLECTIONS).split()
