"""Ctrl-C in the middle of `claimsctl claims load`."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

from claimsctl.resources import bundled

from tests.cli.command import CLAIMSCTL, SECONDS, variables
from tests.integration.behaviours import answer_json
from tests.integration.exchange import Exchange
from tests.integration.fault_proxy import Behaviour, FaultProxy

TOLD = (
    "claimsctl: table t: 0 of 8 rows written, then: interrupted; 8 more may have been written\n"
    "To continue, run the same command with --resume (checkpoint: claims.csv.checkpoint)\n"
)


def _hang_when_writing(exchange: Exchange) -> None:
    if exchange.request.headers["x-amz-target"].endswith("Query"):  # the check's
        answer_json({"Items": [], "Count": 0, "ScannedCount": 0})(exchange)
    else:
        exchange.hang()


def _writing(store: FaultProxy) -> bool:
    return any(b"PutRequest" in request.body for request in store.requests)


def _load(folder: Path, store: FaultProxy) -> subprocess.Popen[bytes]:
    """A load whose first write hangs."""
    shutil.copy(bundled("events/claims.sample.csv"), folder / "claims.csv")
    process = subprocess.Popen(
        [CLAIMSCTL, "claims", "load", "claims.csv"],
        stderr=subprocess.PIPE,
        cwd=folder,
        env=variables(folder, TABLE_NAME="t", AWS_ENDPOINT_URL_DYNAMODB=store.url),
    )
    give_up_at = time.monotonic() + SECONDS
    while not _writing(store) and time.monotonic() < give_up_at:
        time.sleep(0.05)
    return process


def test_an_interruption_is_reported(tmp_path: Path) -> None:
    """The message says how far the load came and how to resume it; exit code 3."""
    with FaultProxy("http://127.0.0.1:9", Behaviour(_hang_when_writing)) as store:
        process = _load(tmp_path, store)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=SECONDS)
    assert TOLD == message.decode()
    assert 3 == process.returncode
    assert (tmp_path / "claims.csv.checkpoint").exists()


def test_a_further_interruption_does_not_wait(tmp_path: Path) -> None:
    """Once the message is there, Ctrl-C ends the process at once, without a traceback."""
    with FaultProxy("http://127.0.0.1:9", Behaviour(_hang_when_writing)) as store:
        process = _load(tmp_path, store)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        message = [process.stderr.readline() for _ in TOLD.splitlines()]
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert -signal.SIGINT == process.wait(SECONDS)
        assert time.monotonic() - began < 5  # the call's time-out is ten
        assert TOLD.encode() == b"".join(message) + process.stderr.read()
        process.stderr.close()
