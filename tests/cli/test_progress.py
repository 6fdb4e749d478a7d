"""Progress is shown only on a terminal, and never mixed with the report."""

import io
import sys

import pytest
from claimsctl.cli.progress import load_progress, progress_bar
from rich.console import Console


def _problems(
    monkeypatch: pytest.MonkeyPatch, *, terminal: bool, report_there: bool, is_report: bool = True
) -> str:
    """What is written to standard error while 30 of about 20 things are done."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=80)
    monkeypatch.setattr("claimsctl.cli.progress.stderr", lambda: console)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: report_there)
    out = sys.stdout
    with progress_bar("reading", 20, is_report=is_report) as advance:
        for _ in range(3):
            advance(10)
            assert out is sys.stdout, "the report would go to standard error"
    return file.getvalue()


def test_a_terminal_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar is shown while the report is written to a file; a total that was too small grows."""
    lines = _problems(monkeypatch, terminal=True, report_there=False)
    assert "reading" in lines
    assert "30/30" in lines


@pytest.mark.parametrize(
    ("terminal", "report_there"), [(False, False), (True, True)], ids=["no-terminal", "report"]
)
def test_else_nothing_is(
    monkeypatch: pytest.MonkeyPatch, *, terminal: bool, report_there: bool
) -> None:
    """A log of a script stays clean; a report on the terminal itself shows how far it is."""
    assert "" == _problems(monkeypatch, terminal=terminal, report_there=report_there).strip()


def test_where_nothing_is_reported_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import, which takes minutes, shows its progress."""
    assert "30/30" in _problems(monkeypatch, terminal=True, report_there=True, is_report=False)


def _of_a_load(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> str:
    """What is written to standard error while a file is checked, then written."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=120)
    monkeypatch.setattr("claimsctl.cli.progress.stderr", lambda: console)
    with load_progress() as progress:
        progress.checked(50, 100, 1234)
        progress.written(500, 2000, 3)
    return file.getvalue()


def test_a_load_is_one_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes while the file is checked, then rows; gone at the end."""
    shown = _of_a_load(monkeypatch, terminal=True)
    assert "500 of 2,000 rows" in shown
    assert "3 throttles" in shown
    assert shown.endswith("\x1b[2K")


def test_a_load_without_a_terminal_shows_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script's log has the summary only."""
    assert "" == _of_a_load(monkeypatch, terminal=False)
