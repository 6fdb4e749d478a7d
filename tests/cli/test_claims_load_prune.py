"""`claimsctl claims load --prune` and `--dry-run`: what is removed after confirmation."""

from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from claimsctl.claims_file.record import Record

from tests.claims_file.files import TENANT, USER
from tests.cli.command import Outcome, Run
from tests.integration.engine import Table


@pytest.fixture
def filled(table: Table) -> Table:
    """A row to change, two to remove."""
    for user in (USER, "gone@x", "old@x"):
        table.put_claims(Record(TENANT, user, None).key, {"tier": "gold"})
    return table


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of one of them."""
    path = tmp_path / "claims.csv"
    path.write_text(f"user,tier\n{USER},silver\n")
    return path


def load(run: Run, table: Table, file: Path, *options: str, **others: Any) -> Outcome:
    """The outcome for a file of the samples' tenant."""
    where = ("--endpoint-url", table.url, "--table", table.name, "--tenant", TENANT)
    return run("claims", "load", file, *where, *options, **others)


def tiers(table: Table) -> list[str]:
    """The claim of each row, in order."""
    items = table.client.scan(TableName=table.name)["Items"]
    return sorted(item["claims"]["M"]["tier"]["S"] for item in items)


def test_as_many_as_agreed_to_go(run: Run, filled: Table, file: Path) -> None:
    """The file is written, then what it lacks is removed."""
    outcome = load(run, filled, file, "--prune", "--prune-count", "2")
    assert (0, "", f"table {filled.name}: 2 items removed") == (
        outcome.exit_code,
        outcome.out,
        outcome.err.splitlines()[-1],
    )
    assert ["silver"] == tiers(filled)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "Review the items with --dry-run, then confirm with --prune-count 2"),
        (("--prune-count", "3"), "but 3 were confirmed; nothing was written. Review the items"),
        (("--prune-count", "0"), "but 0 were confirmed; nothing was written. Review the items"),
    ],
    ids=["nobody", "more", "none"],
)
def test_another_number_does_nothing(
    run: Run, filled: Table, file: Path, options: tuple[str, ...], message: str
) -> None:
    """A file cut in half must not empty the table: neither is anything removed nor written."""
    outcome = load(run, filled, file, "--prune", *options)
    assert (2, True) == (outcome.exit_code, message in outcome.err)
    assert f"table {filled.name}: --prune would remove 2 items" in outcome.err
    assert ["gold"] * 3 == tiers(filled)


@pytest.mark.parametrize(
    ("typed", "exit_code", "left"),
    [("2\n", 0, ["silver"]), ("yes\n", 2, ["gold"] * 3), ("", 2, ["gold"] * 3)],
    ids=["number", "yes", "end"],
)
def test_at_a_terminal_the_number_is_typed(
    run: Run, filled: Table, file: Path, typed: str, exit_code: int, left: list[str],
) -> None:  # fmt: skip
    """The number itself must be typed, since `yes` is given too easily."""
    outcome = load(run, filled, file, "--prune", typed=typed)
    assert (exit_code, left) == (outcome.exit_code, tiers(filled))
    assert "Type the number to confirm: " in outcome.err


def test_nothing_to_remove_needs_no_word(run: Run, table: Table, file: Path) -> None:
    """A file that has all that the table has is just loaded."""
    assert 0 == load(run, table, file, "--prune").exit_code


def test_what_everybody_gets_is_told_apart(run: Run, filled: Table, file: Path) -> None:
    """A tenant's default among what would go is no row like the others."""
    app = "00001111-aaaa-2222-bbbb-3333cccc4444"
    filled.put_claims(Record(TENANT, None, app).key, {"tier": "x"})
    file.write_text(f"user,app_id,tier\n,,basic\n{USER},,silver\n{USER},{app},silver\n")
    outcome = load(run, filled, file, "--prune")
    assert "would remove 3 items, " in outcome.err
    assert ", 1 of which apply to a whole tenant; nothing was written." in outcome.err


def test_what_is_there_in_meaning_is_not_written_again(run: Run, filled: Table, file: Path) -> None:
    """A plan was made, so that a row is looked at before it is put: a fifth of the price."""
    key = Record(TENANT, "old@x", None).key
    filled.put(key, claims={"M": {"tier": {"S": "gold"}}}, note={"S": "by hand"})
    file.write_text(f"user,tier\n{USER},silver\nold@x,gold\nnew@x,gold\n")
    outcome = load(run, filled, file, "--prune", "--prune-count", "1")
    assert (0, True) == (
        outcome.exit_code,
        "3 rows read = 2 written + 1 unchanged\n" in outcome.err,
    )
    assert ["gold", "gold", "silver"] == tiers(filled)
    items = filled.client.scan(TableName=filled.name)["Items"]
    assert [{"S": "by hand"}] == [item["note"] for item in items if "note" in item]


def test_a_number_without_a_prune(run: Run, filled: Table, file: Path) -> None:
    """Whoever agrees to a number means to prune: a load that does not is not what was asked."""
    outcome = load(run, filled, file, "--prune-count", "2")
    message = (
        "claimsctl: --prune-count has no effect without --prune, which removes items that the file"
        " does not contain; omit --prune-count, or add --prune if you want that\n"
    )
    assert (Outcome(2, "", message), ["gold"] * 3) == (outcome, tiers(filled))


def test_ctrl_c_while_it_removes(
    run: Run, filled: Table, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is written, so that it is partly done: 3, and how many are gone."""
    real = BaseClient._make_api_call  # type: ignore[attr-defined]
    deleted: list[object] = []

    def call(self: BaseClient, operation: str, arguments: object) -> object:
        if operation == "DeleteItem":
            deleted.append(arguments)
            if len(deleted) == 2:
                raise KeyboardInterrupt
        return real(self, operation, arguments)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", call)
        outcome = load(run, filled, file, "--prune", "--prune-count", "2")
    message = "claimsctl: interrupted; 1 of 2 items were removed before that\n"
    assert (3, message) == (outcome.exit_code, outcome.err.splitlines(keepends=True)[-1])
    assert 2 == len(tiers(filled))


def test_a_rejected_row_stops_pruning(run: Run, filled: Table, file: Path) -> None:
    """Half a load is no reason to remove anything."""
    options = ("--on-existing", "fail", "--prune", "--prune-count", "2")
    outcome = load(run, filled, file, *options)
    assert (3, True) == (
        outcome.exit_code,
        outcome.err.endswith("nothing was removed, because rows were rejected\n"),
    )
    assert ["gold"] * 3 == tiers(filled)


def test_a_dry_run_is_the_diff(run: Run, filled: Table, file: Path) -> None:
    """The same plan, with the same options, and nothing written; for a load that is fine."""
    where = ("--endpoint-url", filled.url, "--table", filled.name, "--tenant", TENANT)
    diff = run("claims", "diff", file, "--prune", *where)
    dry = load(run, filled, file, "--dry-run", "--prune")
    assert (1, 0) == (diff.exit_code, dry.exit_code)
    assert (diff.out, diff.err) == (dry.out, dry.err)
    assert ["gold"] * 3 == tiers(filled)


@pytest.mark.parametrize(
    ("mode", "summary"),
    [
        ("skip", "0 to add, 0 to change, 0 unchanged, 1 to skip"),
        ("fail", "0 to add, 0 to change, 0 unchanged, 1 to reject"),
        ("merge", "0 to add, 1 to change, 0 unchanged"),
    ],
)
def test_a_dry_run_reckons_with_what_becomes_of_rows_there(
    run: Run, filled: Table, file: Path, mode: str, summary: str
) -> None:
    """`--on-existing` decides as it would in the load."""
    outcome = load(run, filled, file, "--dry-run", "--on-existing", mode)
    assert (0, f"{summary}\n") == (outcome.exit_code, outcome.err)
    assert '"gold"' in outcome.out or mode == "fail"


def test_a_bad_file_has_no_plan(run: Run, filled: Table, tmp_path: Path) -> None:
    """It is refused as the load would refuse it."""
    (tmp_path / "bad.csv").write_text("user,tier\nnobody,x\n")
    outcome = load(run, filled, tmp_path / "bad.csv", "--dry-run")
    assert (2, "") == (outcome.exit_code, outcome.out)


def test_a_dry_run_that_keeps_going(run: Run, filled: Table, file: Path) -> None:
    """Like the load: invalid rows are reported, valid ones planned, nothing would be removed."""
    file.write_text(f"user,tier\nnobody,x\n{USER},silver\n")
    outcome = load(run, filled, file, "--dry-run", "--keep-going", "--prune")
    problem, summary, rejected = outcome.err.splitlines()
    assert problem.startswith(f"{file}:2: user: expected a GUID")
    assert (0, "0 to add, 1 to change, 0 unchanged") == (outcome.exit_code, summary)
    assert rejected.startswith("1 invalid row would be rejected; nothing would be removed, because")
    assert ["gold"] * 3 == tiers(filled)


@pytest.mark.parametrize(("code", "message"), [
    ("AccessDeniedException", "; 0 of 2 items were removed before that"),
    ("ConditionalCheckFailedException", "kept 2 items that changed after the scan"),
], ids=["denied", "changed"])  # fmt: skip
def test_what_is_not_removed_is_reported(
    run: Run, filled: Table, file: Path, monkeypatch: pytest.MonkeyPatch, code: str, message: str
) -> None:
    """The file is written, and what it lacks is still there: 3, with the count."""
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: BaseClient, operation: str, arguments: object) -> object:
        if operation == "DeleteItem":
            error = {"Error": {"Code": code, "Message": "no"}}
            raise ClientError(error, operation)  # type: ignore[arg-type]
        return real(self, operation, arguments)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", call)
        outcome = load(run, filled, file, "--prune", "--prune-count", "2")
    assert (3, True) == (outcome.exit_code, message in outcome.err.splitlines()[-1])
    assert ["gold", "gold", "silver"] == tiers(filled)
