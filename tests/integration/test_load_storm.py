"""Loads with random DynamoDB faults: nothing is lost or duplicated, and everything is reported."""

import csv
import os
import re
from pathlib import Path

import pytest
from claimsctl.claims_table.upsert import OnExisting

from tests.cli.command import Run, here_with
from tests.integration.engine import Table
from tests.integration.fault_proxy import FaultProxy
from tests.loading.meeting import after, before, content, csv_of, fill, summary_counts
from tests.loading.storm import Storm

pytestmark = pytest.mark.slow

ROWS = 120
PUT_ROWS = 500
"""For puts of 25 rows a call: a storm of five calls may have no fault."""
STORMS = int(os.environ.get("STORMS", "1"))
"""Storms for each mode and engine; `make kill` raises more."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`claimsctl` in this process, its pauses a tenth as long."""
    monkeypatch.setattr("claimsctl.claims_table.retry._FIRST_PAUSE_SECONDS", 0.005)
    return here_with(monkeypatch, capsys)


@pytest.mark.parametrize("seed", range(STORMS))
@pytest.mark.parametrize(
    ("mode", "prune"), [*((mode, 0) for mode in OnExisting), (OnExisting.REPLACE, 1)]
)
def test_a_storm_changes_nothing(
    run: Run, table: Table, tmp_path: Path, mode: OnExisting, prune: int, seed: int
) -> None:
    """Whatever happens to calls, the table ends as the mode says, and the summary adds up."""
    file = tmp_path / "claims.csv"
    count = PUT_ROWS if mode is OnExisting.REPLACE else ROWS
    file.write_text(csv_of(count))
    fill(table, before(count))
    storm = Storm(seed)
    with FaultProxy(table.url, storm.behaviour) as proxy:
        outcome = run(
            *("claims", "load", file, "--table", table.name, "--endpoint-url", proxy.url),
            *("--on-existing", mode, "--workers", "4", *["--prune"] * prune),
        )
    assert after(mode, count) == content(table)
    summary, effort = outcome.err.splitlines()[:2]
    counts = {name: int(n) for n, name in re.findall(r"(\d+) (\w+)", summary.partition("=")[2])}
    expected = summary_counts(mode, count, looked=bool(prune))
    assert (count, expected) == (sum(counts.values()), {n: counts.get(n, 0) for n in expected})
    assert (3 if expected["rejected"] else 0) == outcome.exit_code
    assert storm.met, "no storm"
    assert re.search(r"\d+ (retry|retries)", effort)
    assert expected["rejected"] == len(_rejects(tmp_path))
    assert [] == list(tmp_path.glob("*.checkpoint*"))


def _rejects(folder: Path) -> list[str]:
    path = folder / "claims.rejects.csv"
    lines = path.read_text().splitlines() if path.exists() else []
    return [row["user"] for row in csv.DictReader(lines)]
