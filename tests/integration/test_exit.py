"""The end of the process does not wait for a hanging call."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.integration.deployment import environment_of, member_event
from tests.integration.engine import Table
from tests.integration.fault_proxy import FaultProxy
from tests.integration.faults import BY_NAME

EXIT_SECONDS = 10
"""What a busy machine may take to end a process; the call hangs far longer."""
SCRIPT = """
import json, os, socket, sys, time
from claims_provider.wiring import build_handler
handler = build_handler()
if sys.argv[1] == "name lookup":
    socket.getaddrinfo = lambda *_, **__: time.sleep(60)
answer = handler(json.load(sys.stdin))
print(answer["statusCode"], time.time(), file=sys.stderr, flush=True)
"""


@pytest.fixture
def proxy(loaded_table: Table) -> Iterator[FaultProxy]:
    """The proxy between the function and the table."""
    with FaultProxy(loaded_table.url, BY_NAME["hangs after the request"]) as proxy:
        yield proxy


@pytest.mark.parametrize("fault", ["name lookup", "hangs after the request", "drips its body"])
def test_a_process_ends_while_a_call_hangs(
    fault: str, proxy: FaultProxy, loaded_table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that has answered ends at once and quietly, with a worker still stuck."""
    if fault in BY_NAME:
        proxy.inject(BY_NAME[fault])
    for name, value in environment_of(proxy.url, loaded_table.name).items():
        monkeypatch.setenv(name, value)
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, fault],
        input=json.dumps(member_event()),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    ended = time.time()
    status, answered = process.stderr.split()
    assert (0, "503") == (process.returncode, status)
    assert ended - float(answered) < EXIT_SECONDS
