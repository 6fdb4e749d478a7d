"""What each command asks of DynamoDB: no more than docs/loading.md says a policy has to allow."""

import re
from pathlib import Path

import pytest
from claimsctl.claims_file.record import Record

from tests.claims_file.files import TENANT, USER
from tests.cli.command import ROOT, Run
from tests.integration.behaviours import PASS
from tests.integration.engine import Table
from tests.integration.fault_proxy import FaultProxy

_PAGE = (ROOT / "docs/loading.md").read_text()
_ROW = re.compile(r"^\| (`(?:load|diff|export|show|delete)[^|]*`) \| (.*) \|$", re.MULTILINE)
ALLOWED = {
    command: set(re.findall(r"`(\w+)`", actions))
    for commands, actions in _ROW.findall(_PAGE)
    for command in re.findall(r"`([^`]+)`", commands)
}
COMMANDS = {
    "load": "FILE",
    "load --on-existing merge": "FILE",
    "load --on-existing skip": "FILE",
    "load --on-existing fail": "FILE",
    "load --prune": "FILE --prune-count 1",
    "load --dry-run": "FILE",
    "diff": "FILE",
    "diff --prune": "FILE",
    "export": "",
    "export --user": USER,
    "show": USER,
    "delete": f"{USER} --yes",
}


def test_the_page_has_every_command() -> None:
    """A command that is not in the table cannot be allowed by it."""
    assert COMMANDS.keys() == ALLOWED.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_needs_what_the_page_says(
    run: Run, table: Table, tmp_path: Path, command: str
) -> None:
    """Exactly those actions: one row to change, one to add, one to remove."""
    table.put_claims(Record(TENANT, USER, None).key, {"tier": "basic"})
    table.put_claims(Record(TENANT, "gone@x", None).key, {"tier": "basic"})
    file = tmp_path / "claims.csv"
    file.write_text(f"user,tier\n{USER},gold\nnew@x,gold\n")
    arguments = f"{command} {COMMANDS[command]}".replace("FILE", str(file)).split()
    with FaultProxy(table.url, PASS) as proxy:
        where = ("--table", table.name, "--endpoint-url", proxy.url, "--tenant", TENANT)
        outcome = run("claims", *arguments, *where)
        called = {r.headers["x-amz-target"].rpartition(".")[2] for r in proxy.requests}
    assert outcome.exit_code in {0, 1, 3}, outcome.err
    assert ALLOWED[command] == called
