"""``claimsctl demo``."""

import typer

from claimsctl import report
from claimsctl.local.demo import run_demo


def demo() -> None:
    """The main job on the embedded default: load claims, serve, call, judge."""
    raise typer.Exit(
        run_demo(report.out(), report.json_view, report.answer_view, report.verdict_view)
    )
