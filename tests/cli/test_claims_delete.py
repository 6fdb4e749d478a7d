"""`claimsctl claims delete`: a user's rows, shown and asked first."""

import pytest
from botocore.exceptions import ClientError
from claimsctl.claims_file.record import Record

from tests.claims_file.files import APP, TENANT, USER
from tests.cli.command import Outcome, Run
from tests.integration.engine import Table

ROWS = [Record(TENANT, USER, app).key for app in (APP, None)]


@pytest.fixture
def filled(table: Table) -> Table:
    """Two rows of the user's, one of another's, the tenant's default."""
    others = [Record(TENANT, None, None).key, Record(TENANT, "a@x", None).key]
    for key in (*ROWS, *others):
        table.put_claims(key, {"tier": "gold"})
    return table


def delete(
    run: Run, table: Table, *options: str, user: str = USER, typed: str | None = None
) -> Outcome:
    """The outcome for a user of the samples' tenant."""
    where = ("--endpoint-url", table.url, "--table", table.name, "--tenant", TENANT)
    return run("claims", "delete", user, *where, *options, typed=typed)


def left(table: Table) -> int:
    """How many items there are."""
    return table.client.scan(TableName=table.name)["Count"]


def test_all_rows_of_the_user_go(run: Run, filled: Table) -> None:
    """Each item is shown on standard output, then reported as deleted; others are kept."""
    outcome = delete(run, filled, "--yes")
    assert (0, 2) == (outcome.exit_code, left(filled))
    assert [
        f"USER#{TENANT}#{USER} APP#*  the user, every app",
        '  tier  "gold"',
        f"USER#{TENANT}#{USER} APP#{APP}  the user, one app",
        '  tier  "gold"',
    ] == outcome.out.splitlines()
    assert [
        f"deleted USER#{TENANT}#{USER} APP#*",
        f"deleted USER#{TENANT}#{USER} APP#{APP}",
    ] == outcome.err.splitlines()


def test_one_apps_row_goes(run: Run, filled: Table) -> None:
    """With `--app` the user's other rows stay."""
    outcome = delete(run, filled, "--yes", "--app", APP)
    assert f"deleted USER#{TENANT}#{USER} APP#{APP}\n" == outcome.err
    assert (0, 3) == (outcome.exit_code, left(filled))


@pytest.mark.parametrize(
    ("typed", "exit_code", "rows"),
    [("yes\n", 0, 2), ("y\n", 1, 4), ("\n", 1, 4), ("", 1, 4), ("YES\n", 1, 4)],
    ids=["yes", "y", "return", "end", "shouted"],
)
def test_only_yes_is_yes(run: Run, filled: Table, typed: str, exit_code: int, rows: int) -> None:
    """At a terminal it asks; any answer other than `yes` deletes nothing."""
    outcome = delete(run, filled, typed=typed)
    assert f"Delete these 2 items from table {filled.name}? Type yes: " in outcome.err
    assert (exit_code, rows) == (outcome.exit_code, left(filled))
    assert (exit_code == 1) is ("nothing was deleted" in outcome.err)


def test_nobody_to_ask(run: Run, filled: Table) -> None:
    """A script has to say `--yes`: nothing is done without an answer."""
    outcome = delete(run, filled)
    message = (
        f"claimsctl: table {filled.name}: cannot ask for confirmation to delete these 2 items,"
        " because standard input is not a terminal; nothing was deleted. To delete without"
        " confirmation, add --yes\n"
    )
    assert (2, message) == (outcome.exit_code, outcome.err)
    assert 4 == left(filled)


@pytest.mark.parametrize(
    ("user", "options"), [("b@x", ()), ("a@x", ("--app", APP))], ids=["user", "app"]
)
def test_nothing_to_delete(run: Run, filled: Table, user: str, options: tuple[str, ...]) -> None:
    """That there is no such row is an answer, by 1."""
    message = f"table {filled.name}: no item for user {user}; nothing was deleted\n"
    assert Outcome(1, "", message) == delete(run, filled, "--yes", *options, user=user)


def _refusing_after(
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    put: Table | None = None,
    by: type[BaseException] | None = None,
) -> None:
    """DeleteItem refuses after `count` calls; with `put`, a row is written again before that."""
    from botocore.client import BaseClient  # noqa: PLC0415  # patched here only

    calls: list[str] = []
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: BaseClient, operation: str, arguments: object) -> object:
        if operation == "DeleteItem":
            calls.append(operation)
            if len(calls) > count:
                if by is not None:
                    raise by
                error = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
                raise ClientError(error, operation)  # type: ignore[arg-type]
            if put is not None and len(calls) == count:
                answer = real(self, operation, arguments)
                put.put_claims(ROWS[1], {"tier": "again"})
                return answer
        return real(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)


@pytest.mark.parametrize(("count", "exit_code"), [(0, 2), (1, 3)])
def test_what_stops_half_way_says_so(
    run: Run, filled: Table, count: int, exit_code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of deleted items is reported; exit code 3 when it is not zero."""
    _refusing_after(monkeypatch, count)
    outcome = delete(run, filled, "--yes")
    message = (
        f"claimsctl: table {filled.name}: {count} of 2 items deleted, then: An error occurred (Ac"
    )
    assert (exit_code, message) == (
        outcome.exit_code,
        outcome.err.splitlines()[count][: len(message)],
    )


@pytest.mark.parametrize("count", [0, 1])
def test_ctrl_c_half_way(
    run: Run, filled: Table, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is unknown whether the item in progress is deleted, so the exit code is 3."""
    _refusing_after(monkeypatch, count, by=KeyboardInterrupt)
    outcome = delete(run, filled, "--yes")
    message = f"claimsctl: table {filled.name}: {count} of 2 items deleted, then: interrupted; one"
    assert (3, message) == (outcome.exit_code, outcome.err.splitlines()[count][: len(message)])


def test_a_row_that_comes_back_is_reported(
    run: Run, filled: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Items that a concurrent load writes again are reported."""
    _refusing_after(monkeypatch, 2, filled)
    outcome = delete(run, filled, "--yes")
    message = (
        f"claimsctl: table {filled.name}: USER#{TENANT}#{USER} APP#* was written again during the"
        " deletion; run the command again to delete it"
    )
    assert (3, message) == (outcome.exit_code, outcome.err.splitlines()[-1])
