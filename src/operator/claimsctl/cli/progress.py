"""The progress of a long command, shown only on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from claimsctl.cli.console import stderr
from claimsctl.loading.results import LoadProgress

Advance = Callable[[int], None]


@contextmanager
def progress_bar(
    what: str, about: int | None = None, *, is_report: bool = True
) -> Iterator[Advance]:
    """Show a bar that ``advance(count)`` moves; `about` is the expected total, if known.

    `about` may be too small, since DynamoDB updates its item count only every few hours. With
    `is_report`, the command writes its report at the same time: when that goes to a terminal, it
    shows the progress itself and no bar is shown.
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


class CheckedLoadProgress(LoadProgress, Protocol):
    """The progress of a check followed by a load."""

    def checked(self, bytes_read: int, bytes_total: int | None, rows: int) -> None:
        """Report how much of the file is checked."""


class _NoProgress:
    """Shows nothing."""

    def checked(self, bytes_read: int, bytes_total: int | None, rows: int) -> None:
        """Do nothing."""

    def written(self, rows: int, total: int, throttles: int) -> None:
        """Do nothing."""


class _TerminalLine:
    """A bar with rows per second, throttles and the remaining time."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def checked(self, bytes_read: int, bytes_total: int | None, rows: int) -> None:
        """Report how much of the file is checked, in bytes: the number of rows is not known yet."""
        self._update("checking", bytes_read, bytes_total, f"{rows:,} rows")

    def written(self, rows: int, total: int, throttles: int) -> None:
        """Report how many of the file's rows have their final result."""
        speed = next((task.speed for task in self._progress.tasks), None)
        text = f"{rows:,} of {total:,} rows"
        if speed:
            text += f", {speed:,.0f} rows/s"
        if throttles:
            text += f", {throttles:,} throttles"
        self._update("writing", rows, total, text)

    def _update(self, what: str, done: int, total: int | None, text: str) -> None:
        if self._task is None:
            self._task = self._progress.add_task(what, total=total, text="")
        self._progress.update(self._task, completed=done, total=total, text=text)


@contextmanager
def load_progress() -> Iterator[CheckedLoadProgress]:
    """Show the progress of a check and a load; cleared at the end, before the summary."""
    console = stderr()
    if not console.is_terminal:
        yield _NoProgress()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[text]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as progress:
        yield _TerminalLine(progress)
