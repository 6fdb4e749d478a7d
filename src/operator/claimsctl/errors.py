"""The exit codes, which scripts rely on, and the error that ends a command."""

from collections.abc import Sequence
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command."""

    FINE = 0
    NOT_FINE = 1
    """The check found problems."""
    USAGE = 2
    """Wrong usage or unreadable input; nothing was done."""
    PARTLY_DONE = 3


class OperatorError(Exception):
    """An error that ends the command with a message: what was found and expected, what to do.

    The `lines` are shown below the message.
    """

    def __init__(
        self, message: str, *, exit_code: ExitCode = ExitCode.USAGE, lines: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.lines = tuple(lines)
