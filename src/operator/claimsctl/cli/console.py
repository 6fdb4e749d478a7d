"""The terminal: two consoles, and standard streams that may fail.

The report goes to standard output, everything else to standard error.
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

_CANNOT_TAKE_MORE: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def stdout() -> Console:
    """The console of standard output: the report."""
    return _console(stderr=False)


def stderr() -> Console:
    """The console of standard error: progress, summaries, errors."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    # rich's own reading of NO_COLOR leaves bold and dim on
    plain = False if os.environ.get("NO_COLOR") else None
    return Console(stderr=stderr, highlight=False, soft_wrap=True, force_terminal=plain)


@contextmanager
def standard_output() -> Iterator[None]:
    """Within it, whatever becomes of the standard streams is no traceback.

    A closed one takes everything and keeps nothing; from a closed input nothing comes. Raises
    `OperatorError` when standard output is full; ends the process, without a word, when nobody
    reads it any more.
    """
    sys.stdin = sys.stdin or _nowhere("r")
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # what a terminal cannot show must not end a command
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            yield
        finally:
            sys.stdout.flush()  # now, since at the interpreter's end nobody catches it
    except BrokenPipeError:
        _give_up()
        sys.exit(ExitCode.NOT_FINE)
    except OSError as error:
        if error.errno not in _CANNOT_TAKE_MORE:
            raise
        _give_up()
        message = f"standard output: {error.strerror}"
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE) from None


def _nowhere(mode: Literal["r", "w"] = "w") -> TextIOWrapper:
    return Path(os.devnull).open(mode, encoding="utf-8")


def _give_up() -> None:
    """What is still buffered goes nowhere; else the interpreter would try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
