"""What is imported to start: a list of commands imports none of them, a command only its own."""

import subprocess
import sys
from pathlib import Path

import pytest
from claimsctl.cli.main import LazyCommand, command_tree

from tests.cli.command import SECONDS, lazy_commands, variables
from tests.signin.samples import FORMS

_LIST_MODULES = """
import contextlib, io, sys
from claimsctl.cli.main import main
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    main()
print(*sys.modules)
"""
_LIBRARIES = "import sys, typer.main, typer.core, rich.console, rich.text; print(*sys.modules)"
_HEAVY = {
    "aws_lambda_powertools", "boto3", "botocore", "cryptography", "httpcore2", "httpx2", "jwt",
    "moto", "pydantic", "ssl", "starlette", "uvicorn", "yaml",
}  # fmt: skip
_ANSWER = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{"data": null}'


def _modules(home: Path, code: str, *arguments: str) -> set[str]:
    """The modules that a process has imported at its end."""
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        input=_ANSWER, capture_output=True, check=True, cwd=home, env=variables(home),
        timeout=SECONDS,
    )  # fmt: skip
    return set(ended.stdout.decode().split())


@pytest.mark.parametrize(
    ("arguments", "most", "most_of_ours"),
    [
        (("--help",), 10, 7),
        (("claims", "--help"), 10, 7),
        (("explain", "1003005"), 20, 11),
        (("judge", "-"), 20, 33),
        (("judge", "-", "--json"), 20, 33),
        (("entra", "signin", "signins.json"), 20, 34),
    ],
    ids=["help", "claims-help", "explain", "judge", "judge-json", "entra-signin"],
)
def test_it_starts_light(
    tmp_path: Path, arguments: tuple[str, ...], most: int, most_of_ours: int
) -> None:
    """Beyond what typer and rich import: few modules, none that is slow, few of ours."""
    (tmp_path / "signins.json").write_bytes(FORMS["graph-lines"]())
    more = _modules(tmp_path, _LIST_MODULES, *arguments) - _modules(tmp_path, _LIBRARIES)
    ours = {name for name in more if name.partition(".")[0] in {"claimsctl", "claims_provider"}}
    assert set() == _HEAVY & more
    assert len(more - ours) <= most, sorted(more - ours)
    assert len(ours) <= most_of_ours, sorted(ours)


@pytest.mark.parametrize("command", lazy_commands(command_tree()), ids=lambda command: command.name)
def test_a_summary_is_the_first_sentence_of_the_help(command: LazyCommand) -> None:
    """The list of commands says what the command's own help says first."""
    real = command.load()
    assert command.name == real.name
    assert real.help.replace("\n", " ").startswith(str(command.short_help))
    assert str(command.short_help).endswith(".")
