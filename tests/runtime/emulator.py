"""One Lambda environment on this machine: the emulator that aws-sam-cli carries, and awslambdaric.

One invocation at a time, as an environment has it: a second one at once would crash the emulator.
"""

import http.client
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.artefact.artefact import ROOT, make, runtime_python
from tests.conftest import ENGINE_MISSING
from tests.integration.engine import HOST

HANDLER = "claims_provider.main.lambda_handler"
"""As template.yaml has it."""

_INVOCATIONS = "/2015-03-31/functions/function/invocations"
_TIMEOUT_SECONDS = 60
"""The function's: so long that no noise of the machine is taken for a time-out of the function."""

_PATIENCE_SECONDS = 120

LOOPBACK_ONLY = '''
"""Imported by Python at its start: what is not on this machine cannot be reached."""
import socket
_connect, _look_up = socket.socket.connect, socket.getaddrinfo
def connect(self, address):
    if self.family != socket.AF_UNIX and address[0] != "127.0.0.1":
        raise OSError("a test leaves the machine")
    return _connect(self, address)
def look_up(host, *rest, **options):
    if host != "127.0.0.1":
        raise socket.gaierror("a test asks for a name")
    return _look_up(host, *rest, **options)
socket.socket.connect, socket.getaddrinfo = connect, look_up
'''


class Emulator:
    """An environment: cold at its first invocation, when Lambda imports the handler."""

    def __init__(self, port: int, log: Path) -> None:
        self._port = port
        self._log = log

    def invoke(self, event: object) -> dict[str, Any]:
        """What the function returned. Raises ``RuntimeError`` when it did not return."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request("POST", _INVOCATIONS, json.dumps(event).encode())
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        # A time-out comes with status 200 and a sentence, a crash with errorType.
        answer: Any = None
        with suppress(ValueError):
            answer = json.loads(body)
        if 200 != response.status or not isinstance(answer, dict) or "statusCode" not in answer:
            message = f"{response.status} {body!r}\n{self._log.read_text()[-4000:]}"
            raise RuntimeError(message)
        return answer

    def logged(self, callouts: int) -> list[dict[str, Any]]:
        """The function's own lines, once there are as many as `callouts`."""
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while True:
            lines = [
                json.loads(line)
                for line in self._log.read_text().splitlines()
                if line.startswith('{"level"')
            ]
            if len(lines) >= callouts or time.monotonic() > give_up_at:
                return lines
            time.sleep(0.02)


@contextmanager
def emulator(
    artefact: Path,
    scratch: Path,
    *,
    handler: str = HANDLER,
    started_by: Sequence[str] = (),
    **environment: str,
) -> Iterator[Emulator]:
    """An environment for the function in `artefact`, cold, for as long as the context lasts.

    `scratch` is a folder of its own; `environment` what the template would set; `started_by` a
    command that runs the runtime, given as its last arguments.
    """
    (scratch / "sitecustomize.py").write_text(LOOPBACK_ONLY)
    log = scratch / "emulator.log"
    port, api_port = _free_ports()
    command = [
        str(_emulator()),
        *("--runtime-interface-emulator-address", f"{HOST}:{port}"),
        *("--runtime-api-address", f"{HOST}:{api_port}"),
        *started_by,
        *(str(runtime()), "-m", "awslambdaric", handler),
    ]
    variables = {
        **variables_of(artefact, scratch),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(_TIMEOUT_SECONDS),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        **environment,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=artefact, env=variables, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        _wait_until_up(process, port, log)
        yield Emulator(port, log)
    finally:
        end(process)


def variables_of(artefact: Path, scratch: Path) -> dict[str, str]:
    """What every process that runs the function in `artefact` needs; `scratch` is on its path."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(scratch),
        "PYTHONPATH": str(scratch),
        "LAMBDA_TASK_ROOT": str(artefact),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
    }


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and whatever it started: its session is ours alone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
    process.wait()


def _wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while True:
        with socket.socket() as probe:
            if 0 == probe.connect_ex((HOST, port)):
                return
        if process.poll() is not None or time.monotonic() > give_up_at:
            message = f"the emulator did not start: {log.read_text()[-2000:]}"
            raise RuntimeError(message)
        time.sleep(0.01)


@cache
def runtime() -> Path:
    """The Python with Lambda's runtime client in it."""
    runtime_python()
    folder = os.environ.get("EMULATOR_VENV", ".venv-emulator")
    done = make(f"{folder}/.installed")
    assert 0 == done.returncode, done.stderr
    return ROOT / folder / "bin" / "python"


@cache
def _emulator() -> Path:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip(f"{ENGINE_MISSING} the artefact under test runs on Linux on x86-64")
    folder = ROOT / os.environ.get("SAM_VENV", ".venv-sam")
    found = next(folder.glob("lib/python*/site-packages/samcli/local/rapid/*-x86_64"), None)
    if found is None:
        pytest.skip(f"{ENGINE_MISSING} aws-sam-cli carries no Lambda emulator")
    return found


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind((HOST, 0))
        other.bind((HOST, 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])
