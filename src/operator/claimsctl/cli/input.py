"""What a command reads."""

import sys
from pathlib import Path

from claimsctl.errors import OperatorError


def read_input(path: Path) -> bytes:
    """All bytes of the file at `path`; ``-``: standard input. Raises `OperatorError`."""
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise OperatorError(message) from None
