"""`claimsctl claims load`: a file's rows into a table, all of them or none."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from claimsctl.claims_table import location
from claimsctl.loading.loader import FileLoad
from claimsctl.resources import bundled

from tests.cli.command import MEMBER, Outcome, Run
from tests.integration.engine import Table

TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
USER = "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """The sample's claims, in a folder that a load may write to."""
    return Path(shutil.copy(bundled("events/claims.sample.csv"), tmp_path / "claims.csv"))


def _load(run: Run, table: Table, file: str | Path, *options: str, **others: Any) -> Outcome:
    where = ("--endpoint-url", table.url, "--table", table.name)
    return run("claims", "load", file, *where, *options, **others)


def _claims(run: Run, table: Table) -> Any:
    where = ("--endpoint-url", table.url, "--table", table.name)
    return json.loads(run("invoke", MEMBER, "--json", *where).out)["body"]["data"]["actions"][0][
        "claims"
    ]


def _check_told(outcome: Outcome, table: Table, problem: str) -> None:
    summary, effort = outcome.err.splitlines()
    assert (0, "", f"table {table.name}: {problem}") == (outcome.exit_code, outcome.out, summary)
    assert re.fullmatch(r"in \d+\.\d s, \d+ rows/s", effort)


def test_what_is_loaded_is_answered(process: Run, table: Table, sample: Path) -> None:
    """Rows loaded by one process are the claims that another one answers with."""
    outcome = _load(process, table, sample)
    _check_told(outcome, table, "8 rows read = 8 written")
    expected = {
        "customRoles": ["Writer", "Editor", "Publisher"],
        "dateOfBirth": "2000-01-01",
        "loyaltyTier": "gold",
        "supportQueue": "test-app",
    }
    assert expected == _claims(process, table)


def test_loading_again_replaces(run: Run, table: Table, tmp_path: Path) -> None:
    """A row takes the whole place of the one before it: what it no longer names is gone."""
    file = tmp_path / "claims.csv"
    for content in (f"user,a,b\n{USER},1,2\n", f"user,a\n{USER},3\n"):
        file.write_text(content)
        assert 0 == _load(run, table, file, "--tenant", TENANT).exit_code
    assert {"a": "3"} == _claims(run, table)


def test_variables_stand_for_options(run: Run, table: Table, tmp_path: Path) -> None:
    """A script may say table, endpoint and tenant once, in its environment."""
    (tmp_path / "claims.csv").write_text("user,tier\n,basic\n")
    outcome = run(
        "claims",
        "load",
        tmp_path / "claims.csv",
        TABLE_NAME=table.name,
        AWS_ENDPOINT_URL_DYNAMODB=table.url,
        TENANT_ID=TENANT.upper(),
    )
    assert 0 == outcome.exit_code
    assert {"tier": "basic"} == _claims(run, table)


def test_a_file_may_come_from_standard_input(process: Run, table: Table) -> None:
    """`-` reads standard input, as `invoke -` does."""
    outcome = _load(process, table, "-", "--tenant", TENANT, stdin=b"user,tier\n,basic\n")
    _check_told(outcome, table, "1 row read = 1 written")
    assert {"tier": "basic"} == _claims(process, table)


def test_a_file_that_changes_after_the_check(
    run: Run, table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row is written that was not checked: the load stops, and the table stays as it was."""
    before = _claims(run, table)
    file = tmp_path / "claims.csv"
    file.write_text("user,tier\n,basic\n")

    def change_and_load(*arguments: Any, **options: Any) -> FileLoad:
        file.write_text("user,tier\n,admin\n")
        return FileLoad(*arguments, **options)

    monkeypatch.setattr("claimsctl.cli.claims_load.FileLoad", change_and_load)
    outcome = _load(run, table, file, "--tenant", TENANT)
    assert (2, "") == (outcome.exit_code, outcome.out)
    assert (
        f"nothing was written: {file}:2: the file has changed since it was checked;" in outcome.err
    )
    assert before == _claims(run, table)


@pytest.mark.parametrize(
    ("users", "keyed"), [(("a@x", ""), "1 row is"), (("a@x", "b@x", ""), "2 rows are")]
)
def test_addresses_are_noted(
    run: Run, table: Table, tmp_path: Path, users: tuple[str, ...], keyed: str
) -> None:
    """By default the function looks for object ids only, so that such rows would do nothing."""
    file = tmp_path / "claims.csv"
    file.write_text("user,tier\n" + "".join(f"{user},y\n" for user in users))
    note = "the function uses such rows only if USER_KEYS lists mail or userPrincipalName"
    outcome = _load(run, table, file, "--tenant", TENANT)
    assert f"{keyed} keyed by address; {note}" == outcome.err.splitlines()[-1]
    assert (0, "") == (outcome.exit_code, outcome.out)


@pytest.mark.parametrize("count", [1, 30])
def test_nothing_is_written_when_there_is_a_problem(
    run: Run, table: Table, tmp_path: Path, count: int
) -> None:
    """A file is checked whole before its first row is written."""
    file = tmp_path / "claims.csv"
    good = "".join(f"u{number}@x,y\n" for number in range(60))
    file.write_text("user,tier\n" + good + "nobody,y\n" * count)
    outcome = _load(run, table, file, "--tenant", TENANT)
    summary, first, *others = outcome.err.splitlines()
    problems = "1 problem" if count == 1 else f"{count} problems"
    assert (2, f"claimsctl: {file}: {problems}; nothing was written") == (
        outcome.exit_code,
        summary,
    )
    assert first.startswith(f"{file}:62: user: expected a GUID such as ")
    assert ([] if count == 1 else ["… and 10 more"]) == others[19:]
    assert 0 == table.client.scan(TableName=table.name)["Count"]


@pytest.mark.parametrize(
    ("options", "settings", "message"),
    [
        (("none.csv", "--table", "t"), {}, "none.csv: cannot be read: No such file or directory"),
        (("{rows}", "--table", "t"), {}, "{rows}: 1 problem; nothing was written"),
        (
            ("{rows}", "--table", "t", "--tenant", TENANT, "--endpoint-url", "http://127.0.0.1:1"),
            {},
            'table t: Could not connect to the endpoint URL: "http://127.0.0.1:1/',
        ),
        (
            ("{rows}", "--table", "t", "--tenant", TENANT),
            {"AWS_PROFILE": "nobody"},
            "table t: The config profile (nobody) could not be found (check --endpoint-url",
        ),
    ],
    ids=["no-file", "no-tenant", "no-engine", "no-profile"],
)
def test_what_cannot_be_done_is_reported(
    run: Run,
    tmp_path: Path,
    options: tuple[str, ...],
    settings: dict[str, str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first line names the cause; nothing was written, so it ends with 2 and leaves nothing."""
    monkeypatch.setattr("claimsctl.claims_table.retry.FIRST_BUDGET_SECONDS", 0)
    rows = tmp_path / "rows.csv"
    rows.write_text("user,tier\n,basic\n")
    outcome = run("claims", "load", *(option.format(rows=rows) for option in options), **settings)
    message = f"claimsctl: {message.format(rows=rows)}"
    assert (2, "", message) == (outcome.exit_code, outcome.out, outcome.err[: len(message)])
    assert [rows] == [path for path in tmp_path.iterdir() if path.is_file()]


def test_a_table_that_is_not_there(run: Run, engine: str, sample: Path) -> None:
    """The error names table, endpoint and region, since one of the three is wrong."""
    outcome = run("claims", "load", sample, "--endpoint-url", engine, "--table", "nowhere")
    problem = f"no such table in region us-east-1 at {engine}"
    message = f"claimsctl: table nowhere: {problem}\n"
    assert Outcome(2, "", message) == outcome


def test_a_dry_run_says_what_a_load_says(run: Run, table: Table, tmp_path: Path) -> None:
    """Warnings and the note of rows keyed by address do not wait for the real load."""
    file = tmp_path / "claims.csv"
    file.write_text("user,tier\na@b.example,NULL\n", encoding="utf-8")
    notes = [
        (
            f"{file}: warning: tier: a word for a missing value in 1 value, such as 'NULL' (line"
            " 2); to read it as empty, add --null 'NULL'"
        ),
        (
            "1 row is keyed by address; the function uses such rows only if USER_KEYS lists mail"
            " or userPrincipalName"
        ),
    ]
    for options in (["--dry-run"], []):
        outcome = _load(run, table, file, "--tenant", TENANT, *options)
        assert 0 == outcome.exit_code
        assert set(notes) <= set(outcome.err.splitlines())


@pytest.fixture
def no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """No option names a table, and no `serve` runs."""
    monkeypatch.setattr(location, "EMBEDDED_ENDPOINT", "http://127.0.0.1:1")


@pytest.mark.usefixtures("no_table")
def test_a_dry_run_without_a_table_checks_the_file(run: Run, tmp_path: Path) -> None:
    r"""It reports warnings and notes as usual; a value such as \\N has one backslash."""
    file = tmp_path / "claims.csv"
    file.write_text(f"user,tier\n{USER},\\N\na@b.example,gold\n", encoding="utf-8")
    outcome = run("claims", "load", file, "--tenant", TENANT, "--dry-run")
    expected = [
        (
            rf"{file}: warning: tier: a word for a missing value in 1 value, such as '\N' (line 2);"
            r" to read it as empty, add --null '\N'"
        ),
        (
            "1 row is keyed by address; the function uses such rows only if USER_KEYS lists mail"
            " or userPrincipalName"
        ),
        "2 rows are valid; not compared with a table, because none was given",
    ]
    assert (0, "", expected) == (outcome.exit_code, outcome.out, outcome.err.splitlines())


@pytest.mark.usefixtures("no_table")
@pytest.mark.parametrize("options", [(), ("--dry-run", "--prune")], ids=["load", "prune"])
def test_what_needs_a_table_is_refused_without_one(
    run: Run, sample: Path, options: tuple[str, ...]
) -> None:
    """A load and a dry run of `--prune` name the options that name a table."""
    outcome = run("claims", "load", sample, *options)
    assert 2 == outcome.exit_code
    assert "claimsctl: no table is named. For a table in AWS, add --table NAME" in outcome.err


@pytest.mark.usefixtures("no_table")
def test_an_invalid_file_is_refused_without_a_table(run: Run, tmp_path: Path) -> None:
    """A dry run without a table has the exit code of a load; `--keep-going` counts the rest."""
    file = tmp_path / "claims.csv"
    file.write_text(f"user,tier\n{USER},a\nnobody,b\n", encoding="utf-8")
    options = ("--tenant", TENANT, "--dry-run")
    refused = run("claims", "load", file, *options)
    assert (2, True) == (refused.exit_code, f"{file}:3: user: " in refused.err)
    kept = run("claims", "load", file, *options, "--keep-going")
    assert (0, "") == (kept.exit_code, kept.out)
    assert [
        "1 row is valid; not compared with a table, because none was given",
        "1 invalid row would be rejected",
    ] == kept.err.splitlines()[-2:]


def test_strict_refuses_warnings(run: Run, table: Table, tmp_path: Path) -> None:
    """With `--strict` a value that is hardly meant is an error, and nothing is written."""
    file = tmp_path / "claims.csv"
    file.write_text(f"user,tier\n{USER},NULL\n", encoding="utf-8")
    outcome = _load(run, table, file, "--tenant", TENANT, "--strict")
    assert 2 == outcome.exit_code
    assert (
        f"claimsctl: {file}: 1 warning, treated as errors by --strict; nothing was written"
        in outcome.err
    )
    cured = _load(run, table, file, "--tenant", TENANT, "--strict", "--null", "NULL")
    assert (0, True) == (cured.exit_code, "1 row read = 1 written" in cured.err)


def test_columns_are_chosen(run: Run, table: Table, tmp_path: Path) -> None:
    """Another product's file loads by the options that its recognition names."""
    file = tmp_path / "users.csv"
    file.write_text(f"id,userType,department\n{USER},Member,Stores\n", encoding="utf-8")
    options = ("--column", "user=id", "--only", "department", "--tenant", TENANT)
    assert 0 == _load(run, table, file, *options).exit_code
    exported = run("claims", "export", "--endpoint-url", table.url, "--table", table.name)
    assert f"{TENANT},{USER},,,,Stores" in exported.out
