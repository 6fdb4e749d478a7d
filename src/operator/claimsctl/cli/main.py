"""The command tree; what commands do is elsewhere."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from claimsctl.cli.call import call
from claimsctl.cli.claims_delete import delete
from claimsctl.cli.claims_diff import diff
from claimsctl.cli.claims_export import export
from claimsctl.cli.claims_load import load
from claimsctl.cli.claims_show import show
from claimsctl.cli.console import stderr
from claimsctl.cli.demo import demo
from claimsctl.cli.doctor_endpoint import doctor_endpoint
from claimsctl.cli.explain import explain
from claimsctl.cli.invoke import invoke
from claimsctl.cli.judge import judge
from claimsctl.cli.serve import serve
from claimsctl.cli.standard_streams import standard_output
from claimsctl.cli.tap import tap
from claimsctl.cli.token import token
from claimsctl.errors import OperatorError
from claimsctl.text import escaped

DISTRIBUTION = "entra-claims-provider"

app = typer.Typer(
    help="Claims for Microsoft Entra's tokens: load them, serve them, see what Entra sees.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain: no frames that cut messages up, and NO_COLOR holds
    pretty_exceptions_enable=False,
)
for command in (call, demo, invoke, serve, tap, token, judge, explain):
    app.command()(command)

claims_app = typer.Typer(help="The claims in the table.", no_args_is_help=True)
for claims_command in (load, diff, export, show, delete):
    claims_app.command()(claims_command)
app.add_typer(claims_app, name="claims")

doctor_app = typer.Typer(help="What is wrong, seen from outside.", no_args_is_help=True)
doctor_app.command("endpoint")(doctor_endpoint)
app.add_typer(doctor_app, name="doctor")


@doctor_app.callback()
def _doctor() -> None: ...


def _print_version(asked: bool) -> None:  # noqa: FBT001  # a callback of typer's
    if asked:
        sys.stdout.write(f"claimsctl {version(DISTRIBUTION)}\n")
        raise typer.Exit


@app.callback()
def _top(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None: ...


def main() -> None:
    """Entry point: errors as messages, exit codes as documented."""
    try:
        with standard_output():
            app(prog_name="claimsctl")
    except OperatorError as error:
        console = stderr()
        console.print(escaped(f"claimsctl: {error}"), style="red", markup=False)
        for line in error.lines:
            console.print(escaped(line), markup=False)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
