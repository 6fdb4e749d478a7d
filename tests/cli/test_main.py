"""The commands, their options, and the errors for wrong usage."""

import re
import sys
from importlib.metadata import version

import pytest
from claimsctl.text import in_quotes

from tests.cli.command import MEMBER, Outcome, Run

COMMANDS: dict[tuple[str, ...], set[str]] = {
    (): {
        "--version", "demo", "invoke", "serve", "token", "call", "judge", "explain", "claims",
        "doctor",
    },
    ("claims",): {"load", "diff", "export", "show", "delete"},
    ("doctor",): {"endpoint"},
    ("entra",): {"signin"},
    ("entra", "signin"): {
        "--correlation-id", "--log", "--stack", "--tap", "--show-users", "--json", "STACK_NAME",
        "--tenant", "--tenant-kind", "--client-id", "--login", "--hours", "--follow", "TENANT_ID",
        "AZURE_CLIENT_ID",
    },
    ("demo",): set(),
    ("invoke",): {
        "--claims", "--tenant", "--endpoint-url", "--table", "--caller-verification", "--json",
        "TENANT_ID", "AWS_ENDPOINT_URL_DYNAMODB", "TABLE_NAME", "CALLER_VERIFICATION",
    },
    ("serve",): {
        "--port", "--claims", "--tenant", "--tenant-kind", "--token-version", "--endpoint-url",
        "--table", "--caller-verification",
        "PORT", "TENANT_ID", "TENANT_KIND", "TOKEN_VERSION", "AWS_ENDPOINT_URL_DYNAMODB",
        "TABLE_NAME", "CALLER_VERIFICATION",
    },
    ("tap",): {
        "--upstream", "--port", "--page-port", "--host", "--timeout-ms", "--save", "--unmask",
        "TAP_UPSTREAM", "PORT", "TAP_PAGE_PORT", "ENTRA_WAIT_MS", "TAP_SAVE",
    },
    ("token",): {
        "--tenant", "--tenant-kind", "--token-version", "--audience", "--wrong",
        "--check", "--app", "--jwks", "--json",
        "TENANT_ID", "TENANT_KIND", "TOKEN_VERSION",
    },
    ("judge",): {"--status", "--header", "--timeout-ms", "--json", "ENTRA_WAIT_MS"},
    ("explain",): {"--json"},
    ("claims", "load"): {
        "--table", "--tenant", "--endpoint-url", "--stack", "--dry-run", "--prune", "--prune-count",
        "--via", "--column", "--list-separator", "--format", "--catalogue", "--expires-in",
        "--on-existing", "--keep-going", "--resume", "--rejects", "--checkpoint", "--workers",
        "TABLE_NAME", "TENANT_ID", "AWS_ENDPOINT_URL_DYNAMODB", "STACK_NAME", "CLAIMS_CATALOGUE",
    },
    ("claims", "diff"): {
        "--table", "--tenant", "--endpoint-url", "--stack", "--prune", "--json", "--column",
        "--list-separator", "--format", "--catalogue", "--expires-in",
        "TABLE_NAME", "TENANT_ID", "AWS_ENDPOINT_URL_DYNAMODB", "STACK_NAME", "CLAIMS_CATALOGUE",
    },
    ("claims", "export"): {
        "--table", "--tenant", "--endpoint-url", "--stack", "--user", "--format",
        "TABLE_NAME", "TENANT_ID", "AWS_ENDPOINT_URL_DYNAMODB", "STACK_NAME",
    },
    ("claims", "show"): {
        "--table", "--tenant", "--endpoint-url", "--stack", "--app", "--json",
        "--token", "--mapping-policy", "--api-policy",
        "TABLE_NAME", "TENANT_ID", "AWS_ENDPOINT_URL_DYNAMODB", "STACK_NAME",
    },
    ("claims", "delete"): {
        "--table", "--tenant", "--endpoint-url", "--stack", "--app", "--yes",
        "TABLE_NAME", "TENANT_ID", "AWS_ENDPOINT_URL_DYNAMODB", "STACK_NAME",
    },
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: "-".join(command) or "top")
def test_help_lists_every_option(run: Run, command: tuple[str, ...]) -> None:
    """`--help` names each option and its environment variable."""
    outcome = run(*command, "--help")
    assert (0, "") == (outcome.exit_code, outcome.err)
    words = set(re.findall(r"[\w-]+", outcome.out))
    assert COMMANDS[command] | {"--help"} <= words
    assert outcome.out.startswith(f"Usage: {' '.join(('claimsctl', *command))} [")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing",), "No such command 'nothing'"),
        (("--nothing",), "No such option: --nothing"),
        (("demo", "x"), "Got unexpected extra argument"),
        (("invoke",), "Missing argument"),
        (("invoke", ""), "'EVENT': expected a file name, or - for standard input; found an empty"),
        (("claims", "load", "", "--table", "t"), "'FILE': expected a file name, or - for st"),
        (
            ("invoke", str(MEMBER), "--tenant", "contoso"),
            "'--tenant' (env var: 'TENANT_ID'): expec",
        ),
        (("invoke", str(MEMBER), "--caller-verification", "some"), "'--caller-verification'"),
        (("invoke", str(MEMBER), "--claims"), "Option '--claims' requires an argument"),
        (("token", "--wrong", "everything"), "Invalid value for '--wrong'"),
        (("token", "--token-version", "3"), "Invalid value for '--token-version'"),
        (("token", "--tenant", "contoso"), "'--tenant' (env var: 'TENANT_ID'): expec"),
        (("serve", "--tenant-kind", "b2c"), "Invalid value for '--tenant-kind'"),
        (("serve", "--port", "x"), "Invalid value for '--port'"),
        (("judge",), "Missing argument"),
        (("judge", ""), "'RESPONSE': expected a file name, or - for standard input; found an"),
        (("judge", "-", "--timeout-ms", "100"), "'--timeout-ms' (env var: 'ENTRA_WAIT_MS')"),
        (("judge", "-", "--status", "x"), "Invalid value for '--status'"),
        (("explain",), "Missing argument"),
        (("claims", "show", "a@x"), "Missing option '--tenant' (env var: 'TENANT_ID')"),
        (("claims", "load", "--table", "x"), "Missing argument"),
        (("claims", "drop"), "No such command 'drop'"),
    ],
    ids=[
        "command", "option", "extra", "no-event", "empty-event", "empty-file",
        "tenant", "verification", "no-value",
        "wrong", "version", "token-tenant", "kind", "port",
        "no-answer", "empty-answer", "wait", "status", "no-code",
        "no-tenant", "no-file", "subcommand",
    ],
)  # fmt: skip
def test_wrong_usage_is_2(run: Run, arguments: tuple[str, ...], message: str) -> None:
    """An error is reported on standard error, on one line."""
    outcome = run(*arguments)
    assert (2, "") == (outcome.exit_code, outcome.out)
    (error,) = [line for line in outcome.err.splitlines() if line.startswith("Error: ")]
    assert message in error


@pytest.mark.parametrize("arguments", [(), ("claims",)], ids=["top", "claims"])
def test_no_command_is_help(run: Run, arguments: tuple[str, ...]) -> None:
    """Whoever types the bare name is shown what there is; for a script it is wrong usage."""
    outcome = run(*arguments)
    assert (2, True) == (outcome.exit_code, "Commands:" in outcome.out + outcome.err)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("TENANT_ID", "contoso", "expected a GUID"),
        ("CALLER_VERIFICATION", "open", "'open'"),
    ],
)
def test_a_wrong_variable_is_named(run: Run, variable: str, value: str, message: str) -> None:
    """An error about a value from the environment names the variable."""
    outcome = run("invoke", MEMBER, **{variable: value})
    assert 2 == outcome.exit_code
    assert f"(env var: '{variable}')" in outcome.err
    assert message in outcome.err


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8000", "http://127.0.0.1:99999", "http://127.0.0.1:x", "ftp://x", "http://",
     "http://:8000", "http://[::1", "http://a b", "http://x:0", "https:/x", "http://x/\n"],
)  # fmt: skip
@pytest.mark.parametrize("by_variable", [False, True], ids=["option", "variable"])
def test_an_endpoint_that_is_none(run: Run, url: str, *, by_variable: bool) -> None:
    """Every command that takes an endpoint refuses what is no URL before it does anything."""
    for command in (("invoke", MEMBER), ("serve",), ("claims", "load", MEMBER, "--table", "t")):
        outcome = (
            run(*command, AWS_ENDPOINT_URL_DYNAMODB=url)
            if by_variable
            else run(*command, "--endpoint-url", url)
        )
        assert (2, "") == (outcome.exit_code, outcome.out)
        assert (
            "Invalid value for '--endpoint-url' (env var: 'AWS_ENDPOINT_URL_DYNAMODB'): expected"
            f" a URL such as http://127.0.0.1:8000; found {in_quotes(url)}"
        ) == outcome.err.splitlines()[-1].removeprefix("Error: ")


def test_it_tells_its_version(run: Run) -> None:
    """The version is that of the distribution."""
    expected = f"claimsctl {version('entra-claims-provider')}\n"
    assert Outcome(0, expected, "") == run("--version")


def test_it_is_a_module_too(process: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the console script on the path, the module does the same."""
    monkeypatch.setattr("tests.cli.command.CLAIMSCTL", sys.executable)
    assert 0 == process("-m", "claimsctl.cli.main", "--help").exit_code
