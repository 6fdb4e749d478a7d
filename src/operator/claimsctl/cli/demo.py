"""``claimsctl demo``."""

from contextlib import closing

import typer
from rich.console import Console

from claimsctl.cli.console import stdout
from claimsctl.cli.local_options import require_local
from claimsctl.cli.views import answer_view, json_view, verdict_view
from claimsctl.emulator.demo import CalloutAnswered, ClaimsLoaded, EndpointServed, demo_steps
from claimsctl.errors import ExitCode

_TOKEN_SHOWN = 3


def demo() -> None:
    """Load sample claims, serve the endpoint and send it callouts.

    Everything runs on this machine. Exit code 1 when Entra would not accept an answer.
    """
    require_local()
    console = stdout()
    exchanges: list[CalloutAnswered] = []
    with closing(demo_steps()) as steps:
        for step in steps:
            match step:
                case ClaimsLoaded(rows, file_name):
                    console.print(f"DynamoDB (embedded)  {rows} rows loaded from {file_name}")
                case EndpointServed(url):
                    console.print(f"HTTP API             {url}")
                case CalloutAnswered():
                    exchanges.append(step)
                    _show_exchange(console, len(exchanges), step)
    console.print(
        "\nNext: run [bold]claimsctl serve[/] and the curl command that it prints, or"
        " [bold]claimsctl invoke[/] with a file from events/."
    )
    accepted = all(exchange.verdict.accepted for exchange in exchanges)
    raise typer.Exit(ExitCode.FINE if accepted else ExitCode.NOT_FINE)


def _show_exchange(console: Console, number: int, exchange: CalloutAnswered) -> None:
    """Show the verdict, and for the first exchange also the request and the answer."""
    console.print(f"\n[bold]{number}. {exchange.title}[/]  [dim]user.id {exchange.user_id}[/]")
    if number == 1:
        console.print(f"\n[dim]→ POST {exchange.url}[/]")
        console.print(f"[dim]  Authorization: Bearer {exchange.token[:_TOKEN_SHOWN]}…[/]")
        console.print(json_view(exchange.request))
        console.print("\n[dim]← the answer[/]")
        console.print(answer_view(exchange.answer))
        console.print()
    console.print(verdict_view(exchange.verdict))
