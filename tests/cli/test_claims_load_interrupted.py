"""Ctrl-C in the middle of `claimsctl claims load`."""

import signal
import subprocess
import time
from pathlib import Path

from claimsctl.local.bundle import bundled

from tests.cli.command import CLAIMSCTL, SECONDS, variables
from tests.integration.behaviours import hang
from tests.integration.fault_proxy import Behaviour, FaultProxy


def test_an_interruption_is_told(tmp_path: Path) -> None:
    """How far it came, in one line and no traceback; partly done, as nobody knows otherwise."""
    with FaultProxy("http://127.0.0.1:9", Behaviour(hang)) as store:
        process = subprocess.Popen(
            [CLAIMSCTL, "claims", "load", str(bundled("events/claims.sample.csv"))],
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=variables(tmp_path, TABLE_NAME="t", AWS_ENDPOINT_URL_DYNAMODB=store.url),
        )
        give_up_at = time.monotonic() + SECONDS
        while not store.requests and time.monotonic() < give_up_at:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=SECONDS)
    message = b"claimsctl: table t: 0 of 8 rows written, then: interrupted; 8 more were under way\n"
    assert (3, message) == (process.returncode, told)
