"""The README and the pages with sessions are true: what they show is what comes out."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main
from claimsctl.app import app

from tests.cli.command import ROOT, Run
from tests.cli.sessions import Sessions

README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "docs/claims-file.md", ROOT / "docs/judge.md"]
COMMANDS = [
    (sessions.files, command, shown)
    for sessions in map(Sessions.of, PAGES)
    for command, shown in sessions.commands
]


@pytest.mark.parametrize(
    ("files", "command", "shown"), COMMANDS, ids=[command for _, command, _ in COMMANDS]
)
def test_a_session_is_what_comes_out(
    files: dict[str, str],
    command: str,
    shown: str,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every command shown with `$`, run on the files shown, prints what is shown: no more, no less.

    The function's log line differs each time and is left out.
    """
    (tmp_path / "events").symlink_to(ROOT / "events")
    for name, content in files.items():
        (tmp_path / name).write_text(content, "utf-8")
    monkeypatch.chdir(tmp_path)
    outcome = run(*shlex.split(command)[1:])
    told = [line for line in outcome.err.splitlines() if not line.startswith('{"level"')]
    assert shown == "\n".join([*outcome.out.splitlines(), *told])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_session_is_looked_at(page: Path) -> None:
    """A session is either a file's content or a command that is run."""
    sessions = Sessions.of(page)
    assert sessions.count == len(sessions.files) + len(sessions.commands) >= 3


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
