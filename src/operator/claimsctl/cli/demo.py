"""``claimsctl demo``."""

import typer

from claimsctl.cli.console import stdout
from claimsctl.cli.local_options import require_local
from claimsctl.cli.views import answer_view, json_view, verdict_view
from claimsctl.emulator.demo import run_demo


def demo() -> None:
    """The main job on the embedded default: load claims, serve, call, judge."""
    require_local()
    raise typer.Exit(run_demo(stdout(), json_view, answer_view, verdict_view))
