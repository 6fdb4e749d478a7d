"""`claimsctl claims diff`: what loading a file would change."""

import json
from pathlib import Path

import pytest
from claimsctl.claims_file.record import Record
from claimsctl.resources import bundled

from tests.claims_file.files import TENANT, USER
from tests.claims_table.items import OTHER_TENANT
from tests.cli.command import Outcome, Run
from tests.integration.engine import Table

KEY = f"USER#{TENANT}#{USER} APP#*"


@pytest.fixture
def filled(table: Table) -> Table:
    """A row to change, a row to leave, another tenant's."""
    table.put_claims(Record(TENANT, USER, None).key, {"tier": "gold", "old": "x"})
    table.put_claims(Record(TENANT, "gone@x", None).key, {"tier": "y"})
    table.put_claims(Record(OTHER_TENANT, "stays@x", None).key, {"tier": "y"})
    return table


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that adds a row and changes one."""
    path = tmp_path / "claims.csv"
    path.write_text(f"user,expires_at,tier\nnew@x,,a\n{USER},2099-12-31T23:59:59Z,silver\n")
    return path


def diff(run: Run, table: Table, file: Path, *options: str) -> Outcome:
    """The outcome for a file of the samples' tenant."""
    where = ("--endpoint-url", table.url, "--table", table.name, "--tenant", TENANT)
    return run("claims", "diff", file, *where, *options)


def test_every_change_is_shown(run: Run, filled: Table, file: Path) -> None:
    """Rows to add and to change, claim by claim, old → new; the sum of it on standard error."""
    outcome = diff(run, filled, file)
    assert [
        f"+ USER#{TENANT}#new@x APP#*",
        '    tier  "a"',
        f"~ {KEY}",
        '    old  "x" → (none)',
        '    tier  "gold" → "silver"',
        "    expires_at  (none) → 2099-12-31T23:59:59Z",
    ] == outcome.out.splitlines()
    assert (1, "1 to add, 1 to change, 0 unchanged\n") == (outcome.exit_code, outcome.err)


def test_pruning_shows_what_would_go(run: Run, filled: Table, file: Path) -> None:
    """Only items of tenants and apps that the file names are listed; the table is not changed."""
    outcome = diff(run, filled, file, "--prune")
    assert [f"- USER#{TENANT}#gone@x APP#*", '    tier  "y"'] == outcome.out.splitlines()[-2:]
    assert (1, "1 to add, 1 to change, 0 unchanged, 1 to remove\n") == (
        outcome.exit_code,
        outcome.err,
    )
    assert 3 == filled.client.scan(TableName=filled.name)["Count"]


def test_json_is_a_line_for_each_change(run: Run, filled: Table, file: Path) -> None:
    """For machines: values as DynamoDB has them, `null` where there is none."""
    lines = [json.loads(line) for line in diff(run, filled, file, "--json").out.splitlines()]
    assert ["add", "change"] == [line["change"] for line in lines]
    assert {
        "change": "change",
        "pk": f"USER#{TENANT}#{USER}",
        "sk": "APP#*",
        "values": {
            "old": {"old": {"S": "x"}, "new": None},
            "tier": {"old": {"S": "gold"}, "new": {"S": "silver"}},
            "expires_at": {"old": None, "new": {"N": "4102444799"}},
        },
    } == lines[1]


def test_what_is_loaded_is_the_same(run: Run, sample: Table) -> None:
    """No difference is 0, and nothing on standard output."""
    outcome = diff(run, sample, bundled("events/claims.sample.csv"), "--prune")
    assert Outcome(0, "", "0 to add, 0 to change, 8 unchanged, 0 to remove\n") == outcome


def test_a_bad_file_is_refused(run: Run, sample: Table, tmp_path: Path) -> None:
    """As loading it would be: no half of it is compared."""
    (tmp_path / "bad.csv").write_text(f"user,tier\nnobody,x\n{USER},y\n")
    outcome = diff(run, sample, tmp_path / "bad.csv")
    assert (2, "") == (outcome.exit_code, outcome.out)
    assert "bad.csv: 1 problem; nothing was written" in outcome.err


def test_claims_cannot_steer_a_terminal(run: Run, table: Table, tmp_path: Path) -> None:
    """Control characters of either side are spelt out."""
    table.put_claims(Record(TENANT, USER, None).key, {"tier": "\x1b[31m"})
    (tmp_path / "c.jsonl").write_text(json.dumps({"user": USER, "tier\x1b[32m": "x"}))
    outcome = diff(run, table, tmp_path / "c.jsonl")
    assert ("\x1b" in outcome.out, 2) == (False, outcome.out.count("\\u001b"))


@pytest.mark.parametrize(
    "command", [("diff",), ("load",), ("load", "--dry-run")], ids=["diff", "load", "dry-run"]
)
def test_a_row_too_large_over_the_tables_default(
    run: Run, table: Table, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """A user's 2000 bytes over a tenant's 2000 in the table cost the sign-in: refused, by line."""
    table.put_claims(Record(TENANT, None, None).key, {"everybody": "x" * 2000})
    (tmp_path / "claims.csv").write_text(f"user,own\n{USER},{'x' * 2000}\n")
    where = ("--endpoint-url", table.url, "--table", table.name, "--tenant", TENANT)
    outcome = run("claims", *command, tmp_path / "claims.csv", *where)
    assert (2, "") == (outcome.exit_code, outcome.out)
    assert "claims.csv:2: " in outcome.err
    assert 1 == table.client.scan(TableName=table.name)["Count"]
