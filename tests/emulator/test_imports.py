"""What the emulator's modules import: a command reports a missing extra before it needs one."""

import subprocess
import sys
from pathlib import Path

import claimsctl.emulator
import pytest

MODULES = sorted(path.stem for path in Path(claimsctl.emulator.__file__).parent.glob("[a-z]*.py"))
EXTRA = ("moto", "flask", "flask_cors", "werkzeug", "aws_lambda_powertools")
SERVERS = ("uvicorn", "starlette")
SDK = ("boto3", "botocore")


def _loaded(module: str, names: tuple[str, ...]) -> str:
    found = f"print(*sorted({set(names)} & sys.modules.keys()))"
    code = f"import sys, claimsctl.emulator.{module}; {found}"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return ended.stdout.decode().strip()


def test_no_module_imports_the_extra() -> None:
    """moto, flask and Powertools come with the extra `local`: they are imported when used."""
    every = ", claimsctl.emulator.".join(MODULES)
    assert "" == _loaded(every, EXTRA)


@pytest.mark.parametrize("module", ["events", "loopback"])
def test_what_other_commands_import_is_light(module: str) -> None:
    """`call` and `tap` use these two; neither needs a server or the AWS SDK for them."""
    assert "" == _loaded(module, (*EXTRA, *SERVERS, *SDK))


@pytest.mark.parametrize(
    "module", [module for module in MODULES if module not in {"server", "demo"}]
)
def test_only_the_server_imports_a_server(module: str) -> None:
    """Uvicorn and starlette are imported by the module that serves, and by the demo."""
    assert "" == _loaded(module, SERVERS)
