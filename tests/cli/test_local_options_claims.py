"""`--claims` of `invoke` and `serve`: for the embedded table only."""

from pathlib import Path

import pytest

from tests.cli.command import MEMBER, Run
from tests.cli.server_process import free_port
from tests.integration.engine import Table

TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    """A file that could be loaded."""
    path = tmp_path / "mine.csv"
    path.write_text(f"tenant_id,user,tier\n{TENANT},,gold\n")
    return path


@pytest.mark.parametrize("by_variable", [False, True], ids=["options", "variables"])
@pytest.mark.parametrize("command", ["invoke", "serve"])
def test_a_table_of_ones_own_is_not_written_to(
    run: Run, table: Table, claims: Path, command: str, *, by_variable: bool
) -> None:
    """A trial must not replace production items: exit code 2, with the command for a real load."""
    arguments = {"invoke": (MEMBER,), "serve": ("--port", str(free_port()))}[command]
    options: tuple[str, ...] = ("--table", table.name, "--endpoint-url", table.url)
    variables = {"TABLE_NAME": table.name, "AWS_ENDPOINT_URL_DYNAMODB": table.url}
    outcome = (
        run(command, *arguments, "--claims", claims, **variables)
        if by_variable
        else run(command, *arguments, "--claims", claims, *options)
    )
    assert (2, "") == (outcome.exit_code, outcome.out)
    assert (
        f"claimsctl: --claims fills the embedded table only, but --table {table.name} and"
        f" --endpoint-url {table.url} is also given (or TABLE_NAME, AWS_ENDPOINT_URL_DYNAMODB); to"
        f" load that table, run claimsctl claims load {claims} --table {table.name}"
        f" --endpoint-url {table.url}\n"
    ) == outcome.err
    assert 0 == table.client.scan(TableName=table.name)["Count"]


@pytest.mark.parametrize(
    ("options", "found", "load"),
    [
        (("--table", "t"), "--table t", "--table t"),
        (
            ("--endpoint-url", "http://127.0.0.1:1"),
            "--endpoint-url http://127.0.0.1:1",
            "--table TABLE --endpoint-url http://127.0.0.1:1",
        ),
    ],
    ids=["table", "endpoint"],
)
def test_either_option_is_enough(
    run: Run, claims: Path, options: tuple[str, ...], found: str, load: str
) -> None:
    """A table's name alone, or an engine alone, is not the embedded table either."""
    message = run("invoke", MEMBER, "--claims", claims, *options).err
    assert f"but {found} is also given (or " in message
    assert message.endswith(f"claims load {claims} {load}\n")


def test_empty_variables_are_the_embedded_table(run: Run, claims: Path) -> None:
    """A variable that is set to nothing names no table."""
    variables = {"TABLE_NAME": "", "AWS_ENDPOINT_URL_DYNAMODB": ""}
    outcome = run("invoke", MEMBER, "--claims", claims, **variables)
    assert (0, True) == (outcome.exit_code, '"gold"' in outcome.out)
