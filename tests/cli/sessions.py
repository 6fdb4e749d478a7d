"""Sessions at a terminal that a page of the documentation shows."""

import re
from dataclasses import dataclass
from pathlib import Path

_CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sessions:
    """What a page shows after `$`."""

    files: dict[str, str]
    """The content of each file, shown by `cat`."""
    commands: list[tuple[str, str]]
    """Each command of ours, and what comes out."""
    count: int

    @classmethod
    def of(cls, page: Path) -> "Sessions":
        """The sessions of `page`."""
        shown = [
            (command, told.strip("\n"))
            for session in _CONSOLE.findall(page.read_text("utf-8"))
            for command, told in _COMMAND.findall(session)
        ]
        return cls(
            {c.removeprefix("cat "): told + "\n" for c, told in shown if c.startswith("cat ")},
            [(command, told) for command, told in shown if command.startswith("claimsctl ")],
            len(shown),
        )
