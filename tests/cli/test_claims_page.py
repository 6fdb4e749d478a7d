"""The page on the commands of claims is true: its sessions, one after the other, on one table."""

import shlex
from pathlib import Path

import pytest
from claimsctl.claims_table import location as named_table
from claimsctl.claims_table.location import table_schema
from claimsctl.resources import bundled

from tests.cli.command import ROOT, Run
from tests.cli.sessions import Sessions
from tests.integration.engine import patient_client

PAGE = ROOT / "docs/claims-commands.md"


def test_its_sessions_are_what_comes_out(
    run: Run, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From an empty table of a running `serve` on; how fast a load was differs, and is left out."""
    sessions = Sessions.of(PAGE)
    assert sessions.count == len(sessions.files) + len(sessions.commands) > 5
    monkeypatch.setattr(named_table, "EMBEDDED_ENDPOINT", engine)
    client = patient_client(engine)
    client.create_table(TableName="claims", **table_schema(bundled("template.yaml")))
    monkeypatch.chdir(tmp_path)
    for name, content in sessions.files.items():
        (tmp_path / name).write_text(content, "utf-8")
    try:
        for command, shown in sessions.commands:
            outcome = run(*shlex.split(command)[1:])
            message = [line for line in outcome.err.splitlines() if not line.startswith("in 0")]
            assert shown == "\n".join([*outcome.out.splitlines(), *message]), command
    finally:
        client.delete_table(TableName="claims")
        client.close()
