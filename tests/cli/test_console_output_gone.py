"""Standard streams that are full, closed, or no longer read."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import CLAIMSCTL, MEMBER, SECONDS, variables
from tests.effort import mostly_slow

COMMANDS = [("token",), ("invoke", str(MEMBER)), ("invoke", "--json", str(MEMBER)), ("--help",),
            ("demo",)]  # fmt: skip
LIGHT = ("token", "--help")
every_command = pytest.mark.parametrize(
    "command", mostly_slow(COMMANDS, lambda command: command[0] in LIGHT), ids=" ".join
)


def _ended(home: Path, command: tuple[str, ...], redirection: str) -> tuple[int, str]:
    """Exit code of the command, and what it wrote to standard error but for the log."""
    ended = subprocess.run(
        ["sh", "-c", f'"$0" "$@" {redirection}', CLAIMSCTL, *command],
        capture_output=True,
        cwd=home,
        env=variables(home, POWERTOOLS_LOG_LEVEL="CRITICAL"),
        timeout=SECONDS,
        check=False,
    )
    return ended.returncode, ended.stderr.decode()


@every_command
def test_a_full_disk_is_reported(tmp_path: Path, command: tuple[str, ...]) -> None:
    """What could not be written is not taken for written: 1, and one line."""
    message = "claimsctl: standard output: No space left on device\n"
    assert (1, message) == _ended(tmp_path, command, ">/dev/full")


@every_command
def test_a_closed_output_is_let_be(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Whoever closes it wants nothing of it: the exit code says how it went."""
    assert (0, "") == _ended(tmp_path, command, ">&-")


@every_command
def test_a_reader_that_has_gone_is_no_error(tmp_path: Path, command: tuple[str, ...]) -> None:
    """As of `| head -1`: 1, and not a word."""
    ours, its = os.pipe()
    os.close(ours)
    process = subprocess.Popen(
        [CLAIMSCTL, *command],
        stdout=its,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=variables(tmp_path, POWERTOOLS_LOG_LEVEL="CRITICAL"),
    )
    os.close(its)
    _, expected = process.communicate(timeout=SECONDS)
    assert (1, b"") == (process.returncode, expected)


@pytest.mark.parametrize(
    "command", [("claims", "load", "-"), ("claims", "diff", "-")], ids=" ".join
)
def test_a_closed_input_is_an_empty_one(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A closed standard input is empty and not a terminal."""
    message = "claimsctl: -: the file is empty; expected CSV with a heading, or JSON Lines\n"
    assert (2, message) == _ended(
        tmp_path, (*command, "--endpoint-url", "http://127.0.0.1:1"), "<&-"
    )
