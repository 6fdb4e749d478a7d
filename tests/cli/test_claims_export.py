"""`claimsctl claims export`: the table as a file that loads as the same."""

import json
from pathlib import Path

import pytest
from claimsctl.claims_file.record import Record
from claimsctl.resources import bundled

from tests.claims_file.files import APP, TENANT, USER
from tests.claims_table.items import OTHER_TENANT, claims
from tests.cli.command import Outcome, Run
from tests.integration.engine import Table


def export(run: Run, table: Table, *options: str, **environment: str) -> Outcome:
    """The outcome for a table."""
    where = ("--endpoint-url", table.url, "--table", table.name)
    return run("claims", "export", *where, *options, **environment)


def test_what_was_loaded_comes_out(run: Run, sample: Table) -> None:
    """The sample is in the format of an export, so its export is identical byte for byte."""
    outcome = export(run, sample)
    assert bundled("events/claims.sample.csv").read_text("utf-8") == outcome.out
    assert (0, f"table {sample.name}: 8 rows exported\n") == (outcome.exit_code, outcome.err)


def test_it_is_utf_8_on_any_terminal(process: Run, table: Table) -> None:
    """A file's bytes do not depend on what a terminal can show."""
    table.put_claims(Record(TENANT, None, None).key, {"city": "Köln €"})
    outcome = export(
        process, table, "--format", "jsonl", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0",
        LANG="C", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x",
    )  # fmt: skip
    assert "Köln €" == json.loads(outcome.out)["city"]
    assert "Köln €" in outcome.out


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ((), 4),
        (("--tenant", TENANT), 3),
        (("--tenant", TENANT, "--user", USER.upper()), 2),
        (("--tenant", TENANT, "--user", "a@x"), 0),
    ],
    ids=["all", "tenant", "user", "nobody"],
)
def test_a_part_of_it(run: Run, table: Table, options: tuple[str, ...], rows: int) -> None:
    """All, one tenant's, or one user's rows in every app."""
    for record in (
        Record(TENANT, None, None), Record(TENANT, USER, None), Record(TENANT, USER, APP),
        Record(OTHER_TENANT, USER, None),
    ):  # fmt: skip
        table.put_claims(record.key, {"tier": "x"})
    outcome = export(run, table, *options)
    assert (0, rows + 1) == (outcome.exit_code, len(outcome.out.splitlines()))
    counted = "1 row" if rows == 1 else f"{rows} rows"
    assert f": {counted} " in outcome.err


def test_a_user_of_which_tenant(run: Run, table: Table) -> None:
    """A user id without its tenant does not identify a user."""
    outcome = export(run, table, "--user", USER)
    assert 2 == outcome.exit_code
    assert (
        "--user requires --tenant (or TENANT_ID), the tenant that the user belongs to"
        in outcome.err
    )


def test_what_no_file_can_say_is_reported(run: Run, table: Table, tmp_path: Path) -> None:
    """The rest is exported; exit code 3 means that the export is incomplete."""
    table.put_claims(Record(TENANT, None, None).key, {"tier": "basic"})
    table.put(Record(TENANT, USER, None).key, claims={"M": {"age": {"N": "7"}}})
    table.put(Record(TENANT, "a@x", None).key, claims=claims(a="b"), note={"S": "x"})
    outcome = export(run, table)
    assert 3 == outcome.exit_code
    reason = 'age: expected a string or a list of strings; found number "7"'
    assert [
        f"table {table.name}: 2 rows exported",
        "1 of them has attributes that the function does not use; they are not exported",
        "1 item left out, because this format cannot represent them:",
        f"USER#{TENANT}#{USER} APP#*: {reason}",
    ] == outcome.err.splitlines()
    (tmp_path / "claims.csv").write_text(outcome.out, "utf-8")
    where = ("--endpoint-url", table.url, "--table", table.name)
    assert 0 == run("claims", "diff", tmp_path / "claims.csv", *where).exit_code


def test_the_first_left_out_are_reported(run: Run, table: Table) -> None:
    """A table full of other things says so in a few lines, with the count of the rest."""
    for number in range(25):
        table.client.put_item(
            TableName=table.name, Item={"pk": {"S": f"ORDER#{number}"}, "sk": {"S": "\x1b"}}
        )
    lines = export(run, table).err.splitlines()
    assert ("25 items left out, because this format cannot represent them:", "… and 5 more") == (
        lines[1],
        lines[-1],
    )
    assert (23, False) == (len(lines), any("\x1b" in line for line in lines))


def test_an_empty_table(run: Run, table: Table) -> None:
    """A heading, or no line at all: a file of no claims."""
    heading = "tenant_id,user,app_id,expires_at,hidden_claims\n"
    assert heading == export(run, table).out
    assert "" == export(run, table, "--format", "jsonl").out
