"""Sessions at a terminal that a page of the documentation shows."""

import re
from dataclasses import dataclass
from pathlib import Path

_CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_SERVER = re.compile(r"^\$ python .*&$", re.MULTILINE)

Session = list[tuple[str, str]]
"""What follows each `$`, and what comes out."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """What a page shows after `$`."""

    files: dict[str, str]
    """The content of each file, shown by `cat`."""
    commands: Session
    """The commands of ours."""
    with_servers: list[Session]
    """Whole sessions that start a server, `cat` and all."""
    count: int

    @classmethod
    def of(cls, page: Path) -> "Sessions":
        """The sessions of `page`."""
        output = [(_SERVER.search(session), _commands(session)) for session in _sessions(page)]
        shown = [command for server, commands in output if not server for command in commands]
        served = [commands for server, commands in output if server]
        return cls(
            {c.removeprefix("cat "): text + "\n" for c, text in shown if c.startswith("cat ")},
            [(command, text) for command, text in shown if command.startswith("claimsctl ")],
            served,
            len(shown) + len(served),
        )


def _sessions(page: Path) -> list[str]:
    return _CONSOLE.findall(page.read_text("utf-8"))


def _commands(session: str) -> Session:
    return [(command, output.strip("\n")) for command, output in _COMMAND.findall(session)]
