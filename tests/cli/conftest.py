"""A command in a process of its own, or in this one; a table to load."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from claimsctl.claims_file.validation import read_records
from claimsctl.loading.writers import write_records
from claimsctl.resources import bundled

from tests.cli.command import ROOT, SECONDS, Run, here_with, process_in
from tests.integration.engine import Table, claims_table, moto


@pytest.fixture
def process(tmp_path: Path) -> Run:
    """`process(*arguments, stdin=…, **environment)` runs the console script in an empty folder."""
    return process_in(tmp_path)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`run(*arguments, stdin=…, **environment)` runs the entry point in this process."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    return here_with(monkeypatch, capsys)


@pytest.fixture(scope="package")
def engine() -> Iterator[str]:
    """The URL of an engine that is not the embedded one."""
    with moto() as url:
        yield url


@pytest.fixture
def table(engine: str) -> Iterator[Table]:
    """An empty table there."""
    with claims_table(engine) as table:
        yield table


@pytest.fixture(scope="package")
def sample(engine: str) -> Iterator[Table]:
    """A table there that holds the sample's claims, never written to by tests."""
    with claims_table(engine) as table:
        records = read_records(bundled("events/claims.sample.csv"))
        write_records(table.client, table.name, records)
        yield table


@pytest.fixture(scope="package")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution's wheel, built from the repository into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=SECONDS)
    (wheel,) = folder.glob("*.whl")
    return wheel
