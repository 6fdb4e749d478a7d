"""The sessions in the README and the pages show the actual output."""

import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from claimsctl.cli.main import command_tree
from typer.core import TyperGroup, TyperOption

from tests.cli.command import ROOT, SECONDS, Run, lazy_commands
from tests.cli.server_process import free_port
from tests.cli.sessions import Session, Sessions

README = (ROOT / "README.md").read_text("utf-8")
PAGES = [
    ROOT / "README.md",
    *(ROOT / "docs" / name for name in ("claims-file.md", "doctor.md", "judge.md", "tutorial.md")),
]
PORT = re.compile(r"\b80\d\d\b")
"""Of a server that a page starts."""
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
    logged = [line for line in outcome.err.splitlines() if not line.startswith('{"level"')]
    assert shown == "\n".join([*outcome.out.splitlines(), *logged])


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(session, id=f"{page.name}-{number}")
        for page in PAGES
        for number, session in enumerate(Sessions.of(page).with_servers)
    ],
)
def test_a_session_with_a_server_is_what_comes_out(
    session: Session, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run command by command; a line … stands for some that are left out, and times differ.

    So do ports: those shown may be taken.
    """
    monkeypatch.chdir(tmp_path)
    ports = {port: str(free_port()) for command, _ in session for port in PORT.findall(command)}
    with ExitStack() as servers:
        for command, logged in session:
            here = PORT.sub(lambda match: ports[match[0]], command)
            match shlex.split(here):
                case ["cat", name]:
                    (tmp_path / name).write_text(logged + "\n", "utf-8")
                case ["python", script, port, *_]:
                    servers.enter_context(_serving(script, int(port)))
                case ["claimsctl", *arguments]:
                    outcome = run(*arguments)
                    out = f"{outcome.err}{outcome.out}".rstrip("\n") + "\n"
                    assert _pattern(logged, ports).fullmatch(out), out
                case _:
                    subprocess.run(["sh", "-c", here], check=True, timeout=SECONDS)


def _pattern(logged: str, ports: dict[str, str]) -> re.Pattern[str]:
    text = PORT.sub(lambda match: ports.get(match[0], match[0]), logged)
    lines = [
        r"(?:.*\n)*" if line == "…" else re.sub(r"\d+\\ ms", r"\\d+\\ ms", re.escape(line)) + r"\n"
        for line in text.splitlines()
    ]
    return re.compile("".join(lines))


@contextmanager
def _serving(script: str, port: int) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, script, str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        give_up_at = time.monotonic() + SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, script
            assert time.monotonic() < give_up_at, script
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_session_is_looked_at(page: Path) -> None:
    """A session is a file's content, a command that is run, or one with a server."""
    sessions = Sessions.of(page)
    looked_at = len(sessions.files) + len(sessions.commands) + len(sessions.with_servers)
    assert sessions.count == looked_at >= 1


def test_every_command_is_listed() -> None:
    """There is no command that docs/commands.md does not name."""
    page = (ROOT / "docs/commands.md").read_text("utf-8")
    for name, command in command_tree().commands.items():
        commands = command.commands if isinstance(command, TyperGroup) else {"": command}
        for sub_name in commands:
            assert f"claimsctl {name} {sub_name}".strip() in page


def test_every_option_is_documented() -> None:
    """There is no option, and no environment variable for one, that no page names."""
    pages = README + "".join(page.read_text("utf-8") for page in (ROOT / "docs").glob("*.md"))
    for command in lazy_commands(command_tree()):
        for parameter in command.load().params:
            for name in (*parameter.opts, getattr(parameter, "envvar", None)):
                is_option = isinstance(parameter, TyperOption) and name is not None
                assert not is_option or name in pages, f"{command.name} {name}"


def test_a_target_it_names_is_in_the_makefile() -> None:
    """Every `make …` is a target."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", README, re.MULTILINE))
    assert len(targets) > 3
    for target in targets:
        assert re.search(rf"^{''.join(target)}:", makefile, re.MULTILINE), target
