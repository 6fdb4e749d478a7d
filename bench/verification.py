"""Compare the cost of verifying callers: cold start and warm callout in each mode.

Run by ``make bench``. Every figure is a median, and all modes are measured in turn in one run.
Another machine gives other milliseconds, but similar ratios. Cold: a new interpreter imports the
function and creates its handler, including the keys in function mode (from this process's memory,
without a network). Warm: CPU time of one callout with a table on loopback that answers immediately.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from claims_provider.deadline import Deadline
from claims_provider.inbound.http_event import read_http_event
from claims_provider.wiring import build_handler
from claimsctl.emulator.events import played_event
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import SAMPLE_AUDIENCES, TENANT_ID, TokenProfile, issuer_of
from claimsctl.entra.tokens import SigningKey, mint

from bench.instant_table import instant_table

MODES = ("none", "gateway", "function")
COLD_RUNS = 15
WARM_CALLS = 2000
CHECKS = 50
_COLD = """
import sys
from claims_provider.wiring import build_handler
keys = sys.stdin.buffer.read()
build_handler(fetch_keys=lambda _: keys)
"""


def _environment(mode: str, table: dict[str, str]) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        **table,
        "TENANT_ID": TENANT_ID,
        "TOKEN_ISSUER": "" if mode == "function" else issuer_of(TENANT_ID),
        "TOKEN_AUDIENCES": ",".join(SAMPLE_AUDIENCES),
        "CALLER_VERIFICATION": mode,
    }


def _cold_ms(mode: str, table: dict[str, str], keys: bytes) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", _COLD], input=keys, env=_environment(mode, table), check=True
    )
    return (time.perf_counter() - began) * 1000


def _warm_us(handler: Any, event: dict[str, Any]) -> float:
    began = time.process_time()
    assert handler(event)["statusCode"] == 200  # noqa: PLR2004
    return (time.process_time() - began) * 1e6


def _check_us(handler: Any, event: dict[str, Any]) -> float:
    call, deadline = read_http_event(event), Deadline.after_ms(60_000)
    began = time.process_time()
    for _ in range(CHECKS):
        handler._verifier.verify(call, deadline)  # noqa: SLF001  # the check by itself
    return (time.process_time() - began) * 1e6 / CHECKS


def main() -> None:
    """Measure, and print the table."""
    key = SigningKey.generate()
    keys = json.dumps({"keys": [key.jwk()]}).encode()
    event = played_event(json.dumps(body_of("member")).encode(), TENANT_ID)
    event["requestContext"].pop("timeEpoch")
    event["headers"]["authorization"] = (
        f"Bearer {mint(TokenProfile(TENANT_ID).claims(int(time.time())), key)}"
    )
    with TemporaryDirectory() as scratch, instant_table(Path(scratch)) as table:
        cold: dict[str, list[float]] = {mode: [] for mode in MODES}
        for _ in range(COLD_RUNS):
            for mode in MODES:
                cold[mode].append(_cold_ms(mode, table, keys))
        warm: dict[str, list[float]] = {mode: [] for mode in MODES}
        check: dict[str, list[float]] = {mode: [] for mode in MODES}
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
            handlers = {}
            for mode in MODES:
                os.environ.update(_environment(mode, table))
                handlers[mode] = build_handler(fetch_keys=lambda _: keys)
            for _ in range(WARM_CALLS):
                for mode, handler in handlers.items():
                    warm[mode].append(_warm_us(handler, event))
            for _ in range(WARM_CALLS // CHECKS):
                for mode, handler in handlers.items():
                    check[mode].append(_check_us(handler, event))
    line = "{:10}{:>10}{:>12}{:>10}{:>10}{:>8}\n".format
    sys.stdout.write(line("mode", "cold ms", "of gateway", "warm us", "check us", "share"))
    for mode in MODES:
        cold_ms, warm_us, check_us = median(cold[mode]), median(warm[mode]), median(check[mode])
        ratio = cold_ms / median(cold["gateway"])
        sys.stdout.write(
            line(
                mode,
                f"{cold_ms:.0f}",
                f"{ratio:.2f}",
                f"{warm_us:.0f}",
                f"{check_us:.1f}",
                f"{check_us / warm_us:.1%}",
            )
        )


if __name__ == "__main__":
    main()
