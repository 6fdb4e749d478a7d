"""How far a long command is, on a terminal; nothing elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from claimsctl.cli.console import stderr

Advance = Callable[[int], None]


@contextmanager
def counting(what: str, about: int | None = None, *, is_report: bool = True) -> Iterator[Advance]:
    """`advance(count)` tells that `count` more are done, of `about` so many where that is known.

    `about` may be too small, as DynamoDB's own count of a table's items is hours old. With
    `is_report` something is reported on standard output meanwhile: on a terminal that shows how
    far it is, and a bar would be in its way.
    """
    console = stderr()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True,
        disable=not console.is_terminal or (is_report and sys.stdout.isatty()),
        redirect_stdout=False, redirect_stderr=False,
    ) as progress:  # fmt: skip
        task = progress.add_task(what, total=about or None)
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            progress.update(task, completed=done, total=max(done, about) if about else None)

        yield advance
