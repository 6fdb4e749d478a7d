"""Colour on a terminal, plain text everywhere else."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import CLAIMSCTL, MEMBER, SECONDS, Run, variables
from tests.integration.engine import Table

ESCAPE = "\x1b"


def _on_a_terminal(home: Path, *arguments: str, **environment: str) -> str:
    """What a terminal gets to see of the command."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [CLAIMSCTL, *arguments],
        stdin=its,
        stdout=its,
        stderr=its,
        cwd=home,
        env=variables(home, TERM="xterm-256color", **environment),
    )
    os.close(its)
    seen = bytearray()
    try:
        while chunk := os.read(ours, 4096):
            seen += chunk
    except OSError:  # how Linux tells that nobody has the other end open
        pass
    finally:
        os.close(ours)
        process.wait(SECONDS)
    return seen.decode()


def _invoke(table: Table) -> tuple[str, ...]:
    return ("invoke", str(MEMBER), "--endpoint-url", table.url, "--table", table.name)


def test_a_terminal_gets_colour(sample: Table, tmp_path: Path) -> None:
    """On a terminal the verdict is highlighted."""
    assert ESCAPE in _on_a_terminal(tmp_path, *_invoke(sample))


def test_no_color_is_heeded(sample: Table, tmp_path: Path) -> None:
    """With `NO_COLOR` a terminal gets plain text: no colour, no bold, no dim."""
    seen = _on_a_terminal(tmp_path, *_invoke(sample), NO_COLOR="1")
    assert "Entra would accept this answer" in seen
    assert ESCAPE not in seen


@pytest.mark.parametrize("arguments", [("--help",), ("invoke",), ("invoke", "none.json")])
def test_help_and_errors_are_plain(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """`NO_COLOR` holds for help, wrong usage and errors too."""
    assert ESCAPE not in _on_a_terminal(tmp_path, *arguments, NO_COLOR="1")


@pytest.mark.parametrize(
    "settings", [{}, {"TERM": "xterm-256color"}, {"COLORTERM": "truecolor", "NO_COLOR": ""}]
)
def test_a_pipe_gets_none(run: Run, sample: Table, settings: dict[str, str]) -> None:
    """What is not a terminal gets plain text, whatever terminal it was started from."""
    outcome = run(*_invoke(sample), **settings)
    assert ESCAPE not in outcome.out + outcome.err


def test_a_narrow_character_set_will_do(process: Run, sample: Table) -> None:
    """What an output cannot show is spelt out instead of ending the command."""
    outcome = process(*_invoke(sample), PYTHONIOENCODING="ascii")
    assert (0, True) == (outcome.exit_code, "\\u2588" in outcome.out)


def test_a_closed_pipe_is_no_error(sample: Table, tmp_path: Path) -> None:
    """`claimsctl … | head -1` ends without a traceback."""
    process = subprocess.Popen(
        [CLAIMSCTL, "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=variables(tmp_path),
    )
    assert process.stdout is not None
    process.stdout.close()
    _, message = process.communicate(timeout=SECONDS)
    assert b"Traceback" not in message
