"""The terminal: the two consoles, and standard streams that may fail.

Reports are written to standard output, everything else to standard error.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Final, Literal

from rich.console import Console

from claimsctl.errors import ExitCode, OperatorError

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def stdout() -> Console:
    """Return the console for standard output, where reports are written."""
    return _console(stderr=False)


def stderr() -> Console:
    """Return the console for standard error: progress, summaries and errors."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    # With NO_COLOR, rich itself would still write bold and dim text.
    plain = False if os.environ.get("NO_COLOR") else None
    return Console(stderr=stderr, highlight=False, soft_wrap=True, force_terminal=plain)


@contextmanager
def standard_streams() -> Iterator[None]:
    """Handle closed, full and broken standard streams without a traceback.

    A closed output discards what is written; a closed input is empty. Raises `OperatorError` when
    the disk behind standard output is full; ends the process silently when its reader is gone.
    """
    sys.stdin = sys.stdin or _null_stream("r")
    sys.stdout = sys.stdout or _null_stream()
    sys.stderr = sys.stderr or _null_stream()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # characters that the terminal's encoding lacks
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            yield
        finally:
            sys.stdout.flush()  # at interpreter exit, its error could not be caught
    except BrokenPipeError:
        _discard_output()
        sys.exit(ExitCode.NOT_FINE)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _discard_output()
        message = f"standard output: {error.strerror}"
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE) from None


def _null_stream(mode: Literal["r", "w"] = "w") -> TextIOWrapper:
    return Path(os.devnull).open(mode, encoding="utf-8")


def _discard_output() -> None:
    """Discard buffered output, which the interpreter would try to write again on exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
