"""Running `claimsctl`: as a process, or (many times faster) in this one."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from claimsctl.cli.main import LazyCommand, main
from typer.core import TyperGroup

CLAIMSCTL = str(Path(sys.executable).with_name("claimsctl"))
ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "events"
MEMBER = EVENTS / "callout/member.json"
SECONDS = 60
"""How long a command may take on a busy machine before it is taken for stuck."""


LONGEST_WAIT_MS = "2000"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended, and what it wrote."""

    exit_code: int
    out: str
    err: str


Run = Callable[..., Outcome]
"""`run(*arguments, stdin=b"", **environment)`; in this process also `typed`, at a terminal."""


class Terminal(io.TextIOWrapper):
    """Somebody who has typed `text` ahead."""

    def __init__(self, text: str) -> None:
        super().__init__(io.BytesIO(text.encode()))

    def isatty(self) -> bool:
        """Yes."""
        return True


def variables(home: Path, **environment: str) -> dict[str, str]:
    """The environment of a process: nothing of the operator's, no file of the AWS SDK's.

    The wait is the longest one, that no busy machine makes a callout late.
    """
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "AWS_EC2_METADATA_DISABLED": "true",
        "ENTRA_WAIT_MS": LONGEST_WAIT_MS,
        **environment,
    }


def process_in(home: Path, script: Path | None = None) -> Run:
    """Run the console script, this environment's or `script`, as a process of its own in `home`."""

    def run(*arguments: str | Path, stdin: bytes = b"", **environment: str) -> Outcome:
        ended = subprocess.run(
            [script or CLAIMSCTL, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            cwd=home,
            env=variables(home, **environment),
            timeout=SECONDS,
            check=False,
        )
        return Outcome(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    return run


def here_with(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the entry point in this process, errors as messages and all."""

    def run(
        *arguments: str | Path, stdin: bytes = b"", typed: str | None = None, **environment: str
    ) -> Outcome:
        read = io.TextIOWrapper(io.BytesIO(stdin)) if typed is None else Terminal(typed)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["claimsctl", *map(str, arguments)])
            patch.setattr(sys, "stdin", read)
            for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
                patch.delenv(name, raising=False)
            patch.setenv("ENTRA_WAIT_MS", LONGEST_WAIT_MS)
            _set(patch, environment)
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
        captured = capsys.readouterr()
        code = ended.value.code
        return Outcome(code if isinstance(code, int) else 0, captured.out, captured.err)

    return run


def _set(patch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        patch.setenv(name, value)


def lazy_commands(group: TyperGroup) -> list[LazyCommand]:
    """Every command of `group` and of the groups in it."""
    commands = list(group.commands.values())
    own = [command for command in commands if isinstance(command, LazyCommand)]
    groups = [command for command in commands if isinstance(command, TyperGroup)]
    assert len(commands) == len(own) + len(groups)
    return own + [command for group in groups for command in lazy_commands(group)]
