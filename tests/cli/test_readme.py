"""The README is true: what it shows is what comes out."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main
from claimsctl.app import app

from tests.cli.command import ROOT, Run

README = (ROOT / "README.md").read_text("utf-8")
_CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)

SESSIONS = [
    (command, shown.strip("\n"))
    for session in _CONSOLE.findall(README)
    for command, shown in _COMMAND.findall(session)
]
FILES = {
    command.removeprefix("cat "): shown + "\n"
    for command, shown in SESSIONS
    if command.startswith("cat ")
}
COMMANDS = [(command, shown) for command, shown in SESSIONS if command.startswith("claimsctl ")]


@pytest.mark.parametrize(("command", "shown"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_a_session_is_what_comes_out(
    command: str, shown: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command shown with `$`, run on the files shown, prints what is shown: no more, no less.

    The function's log line differs each time and is left out.
    """
    (tmp_path / "events").symlink_to(ROOT / "events")
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, "utf-8")
    monkeypatch.chdir(tmp_path)
    outcome = run(*shlex.split(command)[1:])
    told = [line for line in outcome.err.splitlines() if not line.startswith('{"level"')]
    assert shown == "\n".join([*outcome.out.splitlines(), *told])


def test_every_session_is_looked_at() -> None:
    """A session is either a file's content or a command that is run."""
    assert len(SESSIONS) == len(FILES) + len(COMMANDS) > 3


def test_every_command_is_told() -> None:
    """There is no command that the README does not name."""
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    for name, command in group.commands.items():
        commands = command.commands if isinstance(command, typer.core.TyperGroup) else {"": command}
        for sub_name in commands:
            assert f"claimsctl {name} {sub_name}".strip() in README


@pytest.mark.parametrize("page", re.findall(r"\]\((?!https://)([^)#]+)\)", README))
def test_a_page_it_sends_to_is_there(page: str) -> None:
    """No link within the repository is dead."""
    assert (ROOT / page).is_file()


def test_a_target_it_names_is_in_the_makefile() -> None:
    """Every `make …` is a target."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", README, re.MULTILINE))
    assert len(targets) > 3
    for target in targets:
        assert re.search(rf"^{''.join(target)}:", makefile, re.MULTILINE), target
