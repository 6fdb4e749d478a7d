"""The loader is killed, as by kill -9 or a power failure, and goes on: table and file are equal."""

import json
import os
import random
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from claimsctl.claims_table.upsert import OnExisting

from tests.cli.command import CLAIMSCTL, SECONDS, variables
from tests.integration.behaviours import pass_on
from tests.integration.engine import Table, claims_table
from tests.integration.exchange import Exchange
from tests.integration.fault_proxy import Behaviour, FaultProxy
from tests.loading.meeting import after, before, content, csv_of, fill, summary_counts

KILLS = int(os.environ.get("KILLS", "8"))
"""Random points at which the loader is killed; `make kill` has 200."""

A_LOAD = 2
"""How often one load is killed before it may end."""

ROWS = 1200
_DELAY_SECONDS = 0.01
_CALLS = {OnExisting.REPLACE: ROWS // 25}
_RESUMED = Counter[bool]()
"""Whether loads that were killed had come past their first row."""


class Killer:
    """Kills a process at a random moment of its n-th call: before it, in it, or after it."""

    def __init__(self, chance: random.Random) -> None:
        self.behaviour = Behaviour(self._act)
        self.written = False
        """Whether a write has come by, which no load makes before its checkpoint."""
        self._chance = chance
        self._lock = threading.Lock()
        self._calls_left = -1
        self._process: subprocess.Popen[bytes] | None = None

    def aim(self, process: subprocess.Popen[bytes], calls: int) -> None:
        """Kill `process` at one of its next `calls` calls."""
        with self._lock:
            self._process = process
            self._calls_left = self._chance.randrange(calls)

    def _act(self, exchange: Exchange) -> None:
        exchange.wait(_DELAY_SECONDS)
        target = exchange.request.headers["x-amz-target"]
        with self._lock:
            self.written |= target.endswith(("BatchWriteItem", "PutItem", "UpdateItem"))
            self._calls_left -= 1
            process = self._process if self._calls_left == -1 else None
            moment = self._chance.randrange(3)
        if process is None:
            pass_on(exchange)
            return
        if moment == 1:
            exchange.ask()  # done, and nobody hears of it
        if moment == 2:
            pass_on(exchange)
            time.sleep(self._chance.random() * 0.02)
        with suppress(ProcessLookupError):
            process.kill()


@pytest.fixture
def table(engine: str) -> Iterator[Table]:
    """An empty table in the real engine: what is killed is in front of it."""
    with claims_table(engine) as table:
        yield table


@pytest.mark.parametrize("seed", range(-(-KILLS // A_LOAD // len(OnExisting))))
@pytest.mark.parametrize("mode", OnExisting)
def test_a_killed_load_goes_on(table: Table, tmp_path: Path, mode: OnExisting, seed: int) -> None:
    """After any number of kills `--resume` ends with the table as one whole load leaves it.

    Every other load that replaces rows looks at them first, as one does that prunes.
    """
    prunes = ["--prune"] * (mode is OnExisting.REPLACE and seed % 2)
    (tmp_path / "claims.csv").write_text(csv_of(ROWS))
    checkpoint = tmp_path / "claims.csv.checkpoint"
    fill(table, before(ROWS))
    chance = random.Random(f"{mode} {seed}")
    killer = Killer(chance)
    with FaultProxy(table.url, killer.behaviour) as proxy:
        for _ in range(A_LOAD):
            process = _start(tmp_path, table, proxy, mode, *prunes)
            done = json.loads(checkpoint.read_text())["rows_done"] if checkpoint.exists() else 0
            killer.aim(process, max(1, _CALLS.get(mode, ROWS) * (ROWS - done) // ROWS))
            _, err = process.communicate(timeout=SECONDS)
            if checkpoint.exists():
                _RESUMED[json.loads(checkpoint.read_text())["rows_done"] > 0] += 1
            elif killer.written:
                break  # it had come to its end
        killer.aim(process, 1_000_000)
        if not killer.written or checkpoint.exists():
            process = _start(tmp_path, table, proxy, mode, *prunes)
            _, err = process.communicate(timeout=SECONDS)
    assert after(mode, ROWS) == content(table)
    expected = summary_counts(mode, ROWS)
    if expected["rejected"]:
        rejected = (tmp_path / "claims.rejects.csv").read_text().splitlines()[1:]
        assert expected["rejected"] == len(rejected) == len(set(rejected))
    assert ["claims.csv"] == [
        path.name for path in tmp_path.iterdir() if "rejects" not in path.name
    ]
    if process.returncode == -signal.SIGKILL:  # after all was done, before the report
        return
    summary = err.decode().splitlines()[0].partition("=")[2]
    counts = {name: int(n) for n, name in re.findall(r"(\d+) (\w+)", summary)}
    assert (ROWS, 3 if expected["rejected"] else 0) == (sum(counts.values()), process.returncode)
    del expected["unchanged"]  # what is found as it was written may have been, by the one killed
    assert expected == {name: counts.get(name, 0) for name in expected}


@pytest.mark.skipif(KILLS < 100, reason="a few points may all lie before the first checkpoint")
def test_some_were_killed_half_way() -> None:
    """The points were random: some loads went on from a row within the file."""
    assert _RESUMED[True], _RESUMED


def _start(
    folder: Path, table: Table, proxy: FaultProxy, mode: OnExisting, *options: str
) -> subprocess.Popen[bytes]:
    resume = ["--resume"] if (folder / "claims.csv.checkpoint").exists() else []
    return subprocess.Popen(
        [
            *(CLAIMSCTL, "claims", "load", "claims.csv", "--table", table.name),
            *(
                "--endpoint-url",
                proxy.url,
                "--on-existing",
                mode,
                "--workers",
                "4",
                *resume,
                *options,
            ),
        ],
        stderr=subprocess.PIPE,
        cwd=folder,
        env=variables(folder),
    )
