"""The progress of a check and a load: one line on a terminal, nothing elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from claimsctl.loading.results import LoadProgress


class Progressing(LoadProgress, Protocol):
    """What a check and then a load report to."""

    def checked(self, bytes_read: int, bytes_total: int | None, rows: int) -> None:
        """How far the file is checked."""


class Silence:
    """Shows nothing."""

    def checked(self, bytes_read: int, bytes_total: int | None, rows: int) -> None:
        """Nothing."""

    def written(self, rows: int, total: int, throttles: int) -> None:
        """Nothing."""


class TerminalLine:
    """A bar with rows a second, throttles and the time left."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def checked(self, bytes_read: int, bytes_total: int | None, rows: int) -> None:
        """How far the file is checked: by its bytes, since nobody knows its rows yet."""
        self._tell("checking", bytes_read, bytes_total, f"{rows:,} rows")

    def written(self, rows: int, total: int, throttles: int) -> None:
        """How many of the file's rows are settled."""
        speed = next((task.speed for task in self._progress.tasks), None)
        told = f"{rows:,} of {total:,} rows"
        if speed:
            told += f", {speed:,.0f} rows/s"
        if throttles:
            told += f", {throttles:,} throttles"
        self._tell("writing", rows, total, told)

    def _tell(self, what: str, done: int, total: int | None, told: str) -> None:
        if self._task is None:
            self._task = self._progress.add_task(what, total=total, told="")
        self._progress.update(self._task, completed=done, total=total, told=told)


@contextmanager
def load_progress(console: Console) -> Iterator[Progressing]:
    """What tells on `console`, gone at the end, since the summary says it all."""
    if not console.is_terminal:
        yield Silence()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as progress:
        yield TerminalLine(progress)
