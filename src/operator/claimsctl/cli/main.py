"""The command tree and the entry point; each command is implemented in a module of its own."""

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from claimsctl.cli.console import standard_streams, stderr
from claimsctl.errors import OperatorError
from claimsctl.text import escaped


class LazyCommand(TyperCommand):
    """A command whose module is imported only when the command is run or its help is shown.

    The list of commands shows `summary`. The parameters and the full help come from the function,
    which is named as ``module:function``.
    """

    def __init__(self, name: str, function: str, summary: str) -> None:
        super().__init__(name, short_help=summary, rich_markup_mode=None)
        self._function = function

    def load(self) -> Any:
        """Import the module and return the actual command."""
        module, _, name = self._function.partition(":")
        app = typer.Typer(
            add_completion=False,
            rich_markup_mode=None,  # rich's frames break messages apart and ignore NO_COLOR
            pretty_exceptions_enable=False,
        )
        app.command(self.name)(getattr(import_module(module), name))
        return typer.main.get_command(app)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the context of the actual command, which parses the arguments and is run."""
        return self.load().make_context(*args, **kwargs)


DISTRIBUTION = "entra-claims-provider"

app = typer.Typer(
    help="Load, serve and test custom claims for Microsoft Entra's tokens.\n\nA callout is the"
    " request that Entra sends to the endpoint before it issues a token.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
COMMANDS = (
    LazyCommand(
        "call",
        "claimsctl.cli.call:call",
        "Send a callout as Entra does, and judge the answer.",
    ),
    LazyCommand(
        "demo",
        "claimsctl.cli.demo:demo",
        "Load sample claims, serve the endpoint and send it callouts.",
    ),
    LazyCommand(
        "invoke",
        "claimsctl.cli.invoke:invoke",
        "Run the Lambda function in this process with one event.",
    ),
    LazyCommand(
        "serve",
        "claimsctl.cli.serve:serve",
        "Serve the endpoint and its table on this machine.",
    ),
    LazyCommand(
        "tap",
        "claimsctl.cli.tap:tap",
        "Forward Entra's callouts, unchanged except for the Host header, and judge each answer.",
    ),
    LazyCommand(
        "token",
        "claimsctl.cli.token:token",
        "Print a test token, or check an existing one.",
    ),
    LazyCommand(
        "judge",
        "claimsctl.cli.judge:judge",
        "Check whether Entra would accept a saved answer.",
    ),
    LazyCommand(
        "explain",
        "claimsctl.cli.explain:explain",
        "Explain an error code or a finding, and how to fix it.",
    ),
    TyperGroup(
        name="claims",
        help="Manage the claims in the DynamoDB table.",
        no_args_is_help=True,
        rich_markup_mode=None,
        commands=[
            LazyCommand(
                "load",
                "claimsctl.cli.claims_load:load",
                "Check a claims file, then write its rows to the table.",
            ),
            LazyCommand(
                "diff",
                "claimsctl.cli.claims_diff:diff",
                "Show what loading a file would change, without writing anything.",
            ),
            LazyCommand(
                "export",
                "claimsctl.cli.claims_export:export",
                "Write the table's claims to standard output.",
            ),
            LazyCommand(
                "show",
                "claimsctl.cli.claims_show:show",
                "Show the claims that a user gets, and where they come from.",
            ),
            LazyCommand(
                "delete",
                "claimsctl.cli.claims_delete:delete",
                "Delete a user's items, for all apps or for one app.",
            ),
            LazyCommand(
                "resolve",
                "claimsctl.cli.claims_resolve:resolve",
                "Replace the addresses in a claims file with object ids from Graph.",
            ),
        ],
    ),
    TyperGroup(
        name="entra",
        help="Configure and inspect the Entra tenant.",
        no_args_is_help=True,
        rich_markup_mode=None,
        commands=[
            LazyCommand(
                "plan",
                "claimsctl.cli.entra_plan:plan",
                "Show the steps of apply, without sending anything to the tenant.",
            ),
            LazyCommand(
                "apply",
                "claimsctl.cli.entra_apply:apply",
                "Apply the plan: read the tenant, and change what differs, after a prompt for each"
                " change.",
            ),
            LazyCommand(
                "snapshot",
                "claimsctl.cli.entra_snapshot:snapshot",
                "Save the objects of the chain as JSON, without secrets, keys or users.",
            ),
            LazyCommand(
                "signin",
                "claimsctl.cli.entra_signin:signin",
                "Show from Entra's sign-in records whether Entra called the endpoint, and with what"
                " result.",
            ),
        ],
    ),
    TyperGroup(
        name="doctor",
        help="Find problems in an endpoint, a tenant or a deployed stack.",
        no_args_is_help=True,
        rich_markup_mode=None,
        commands=[
            LazyCommand(
                "endpoint",
                "claimsctl.cli.doctor_endpoint:doctor_endpoint",
                "Check an endpoint from the outside, as Entra would call it.",
            ),
            LazyCommand(
                "tenant",
                "claimsctl.cli.doctor_tenant:doctor_tenant",
                "Check every object that the tenant needs, and show which claims reach which"
                " tokens.",
            ),
            LazyCommand(
                "stack",
                "claimsctl.cli.doctor_stack:doctor_stack",
                "Check a deployed stack: outputs, alarms, version, authorizer.",
            ),
        ],
    ),
)
"""The commands as `claimsctl --help` lists them.

Each summary is the first sentence of the command's help.
"""


def _print_version(asked: bool) -> None:  # noqa: FBT001  # typer calls it with a positional
    if asked:
        # Imported here because it takes longer than the rest of this module.
        from importlib.metadata import version  # noqa: PLC0415

        sys.stdout.write(f"claimsctl {version(DISTRIBUTION)}\n")
        raise typer.Exit


@app.callback()
def _top(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None: ...


def command_tree() -> TyperGroup:
    """Return the group of all commands."""
    tree = typer.main.get_group(app)
    for command in COMMANDS:
        tree.add_command(command)
    return tree


def main() -> None:
    """Run the command line: report errors as messages and exit with the documented codes."""
    try:
        with standard_streams():
            command_tree()(prog_name="claimsctl")
    except OperatorError as error:
        console = stderr()
        console.print(escaped(f"claimsctl: {error}"), style="red", markup=False)
        for line in error.lines:
            console.print(escaped(line), markup=False)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
