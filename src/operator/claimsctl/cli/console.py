"""The two consoles: the report on standard output, everything else on standard error."""

import os

from rich.console import Console


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
