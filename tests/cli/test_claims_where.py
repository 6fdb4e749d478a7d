"""Which table the commands of `claimsctl claims` work on."""

import shlex
from pathlib import Path

import pytest
from claimsctl.claims_table import location as module
from claimsctl.claims_table.location import EMBEDDED_TABLE, TableLocation, named_table

from tests.claims_file.files import TENANT
from tests.claims_table.answering import answering
from tests.cli.command import Outcome, Run
from tests.integration.engine import Table

COMMANDS = [
    ("export",),
    ("diff", "claims.csv"),
    ("show", "a@x", "--tenant", "aaaabbbb-0000-cccc-1111-dddd2222eeee"),
    ("delete", "a@x", "--tenant", "aaaabbbb-0000-cccc-1111-dddd2222eeee"),
]
NO_STACK = b"""<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<Error><Type>Sender</Type><Code>ValidationError</Code>
<Message>Stack with id my-stack does not exist</Message></Error></ErrorResponse>"""
DENIED = b"""<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<Error><Type>Sender</Type><Code>AccessDenied</Code>
<Message>not authorized to perform this</Message></Error></ErrorResponse>"""


def stack_with(**outputs: str) -> bytes:
    """DescribeStacks' answer for a stack with `outputs`."""
    members = "".join(
        f"<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>"
        for key, value in outputs.items()
    )
    return (
        '<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
        "<DescribeStacksResult><Stacks><member><StackName>my-stack</StackName>"
        f"<Outputs>{members}</Outputs></member></Stacks></DescribeStacksResult>"
        "</DescribeStacksResponse>"
    ).encode()


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """No `serve` runs."""
    monkeypatch.setattr(module, "EMBEDDED_ENDPOINT", "http://127.0.0.1:1")
    return "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("command", "exit_code"),
    list(zip(COMMANDS, (0, 1, 1, 1), strict=True)),
    ids=["export", "diff", "show", "delete"],
)
def test_a_stack_names_its_table(
    run: Run, sample: Table, tmp_path: Path, command: tuple[str, ...], exit_code: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """`--stack` reads the output TableName; every command takes it."""
    monkeypatch.chdir(tmp_path)
    Path("claims.csv").write_text("tenant_id,user\naaaabbbb-0000-cccc-1111-dddd2222eeee,nobody@x\n")
    with answering(stack_with(TargetUrl="https://x", TableName=sample.name)) as url:
        outcome = run(
            "claims", *command, "--stack", "my-stack",
            AWS_ENDPOINT_URL=sample.url, AWS_ENDPOINT_URL_CLOUDFORMATION=url,
        )  # fmt: skip
    assert (exit_code, False) == (outcome.exit_code, "claimsctl:" in outcome.err)


def test_a_stack_may_be_a_variable() -> None:
    """The location is that of the output, at AWS's own endpoint."""
    with answering(stack_with(TableName="t")) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        assert TableLocation("t", None) == named_table(None, "my-stack", None)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (NO_STACK, 400, "no such stack in region us-east-1 of this account"),
        (
            DENIED,
            403,
            "An error occurred (AccessDenied) when calling the DescribeStacks operation: ",
        ),
        (stack_with(), 200, "no output TableName (outputs: none); name the table with --table"),
        (stack_with(B="1", A="2"), 200, "no output TableName (outputs: A, B); name the table with"),
        (b"<html>", 200, "http://127.0.0.1:"),
        (b"{}", 200, "http://127.0.0.1:"),
    ],
    ids=["no-stack", "denied", "no-outputs", "no-output", "html", "json"],
)
def test_a_stack_that_tells_no_table(run: Run, body: bytes, status: int, message: str) -> None:
    """The problem is reported, and nothing is done."""
    with answering(body, status) as url:
        outcome = run(
            "claims", "export", STACK_NAME="my-stack", AWS_ENDPOINT_URL_CLOUDFORMATION=url
        )
    expected = f"claimsctl: stack my-stack: {message}"
    assert (2, "", expected) == (outcome.exit_code, outcome.out, outcome.err[: len(expected)])


def test_without_credentials_a_stack_cannot_be_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK's own words, and where it looks."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    outcome = run("claims", "export", "--stack", "s", AWS_SHARED_CREDENTIALS_FILE="/none")
    assert 2 == outcome.exit_code
    assert outcome.err.startswith("claimsctl: stack s: Unable to locate credentials (check AWS_")


@pytest.mark.parametrize(
    ("options", "environment", "other"),
    [
        (("--table", "t"), {}, "--table t (or TABLE_NAME)"),
        ((), {"TABLE_NAME": "t"}, "--table t (or TABLE_NAME)"),
        (
            ("--endpoint-url", "http://x"), {},
            "--endpoint-url http://x (or AWS_ENDPOINT_URL_DYNAMODB)",
        ),
    ],
    ids=["table", "variable", "endpoint"],
)  # fmt: skip
def test_a_stack_and_another_table(
    run: Run, options: tuple[str, ...], environment: dict[str, str], other: str
) -> None:
    """Two answers to one question are refused, also when one of them is a variable."""
    outcome = run("claims", "export", "--stack", "s", *options, **environment)
    expected = f"claimsctl: --stack s and {other} are mutually exclusive: remove one of them\n"
    assert Outcome(2, "", expected) == outcome


def test_an_endpoint_alone_is_the_embedded_tables_name(nowhere: str) -> None:
    """As `invoke` and `serve` take it."""
    assert TableLocation(EMBEDDED_TABLE, "http://x") == named_table(None, None, "http://x")
    assert TableLocation("t", None) == named_table("t", None, None)


def test_without_any_it_is_a_running_servers(
    nowhere: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table of `claimsctl serve` is the default of all of them."""
    monkeypatch.setattr(module, "EMBEDDED_ENDPOINT", engine)
    assert TableLocation(EMBEDDED_TABLE, engine) == named_table(None, None, None)


@pytest.mark.parametrize("command", COMMANDS[:1], ids=lambda command: command[0])
def test_without_any_and_without_a_server(nowhere: str, run: Run, command: tuple[str, ...]) -> None:
    """The error tells a table in AWS from a local one, and says what was looked for."""
    expected = (
        "claimsctl: no table is named. For a table in AWS, add --table NAME or --stack NAME. For a"
        f" local test table, start claimsctl serve (nothing answers at {nowhere})\n"
    )
    assert Outcome(2, "", expected) == run("claims", *command)


@pytest.mark.parametrize("command", ["load", "diff"])
def test_a_suggested_command_names_the_same_table(
    run: Run, sample: Table, tmp_path: Path, command: str
) -> None:
    """The command for a recognized export repeats the typed options, and writes nothing yet."""
    file = tmp_path / "auth0.ndjson"
    file.write_text('{"Id": "auth0|1", "Nickname": "a", "Email": "a@b"}\n', "utf-8")
    where = ("--table", sample.name, "--endpoint-url", sample.url)
    typed = ("claims", command, str(file), *where, "--tenant", TENANT, "--null", "N A")
    outcome = run(*typed)
    (line,) = (line for line in outcome.err.splitlines() if line.startswith("  claimsctl"))
    preview = ["--dry-run"] if command == "load" else []
    assert ["claimsctl", *typed, "--column", "user=Email", *preview] == shlex.split(line)


@pytest.mark.parametrize("command", ["load", "diff"])
def test_a_missing_file_is_reported_before_aws(run: Run, tmp_path: Path, command: str) -> None:
    """A typing error in FILE is the first thing reported, whatever is wrong with the table."""
    missing = tmp_path / "nofile.csv"
    outcome = run("claims", command, str(missing), "--stack", "s", "--table", "t")
    expected = f"claimsctl: {missing}: cannot be read: No such file or directory\n"
    assert Outcome(2, "", expected) == outcome
