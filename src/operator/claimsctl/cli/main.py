"""The command tree; what commands do is elsewhere."""

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from claimsctl.cli.console import standard_streams, stderr
from claimsctl.errors import OperatorError
from claimsctl.text import escaped


class LazyCommand(TyperCommand):
    """Stands in the command tree for a function of a module that is not imported yet.

    A list of commands shows `summary`. What the command takes and its whole help come from the
    function, named as ``module:function``, with everything that the module imports.
    """

    def __init__(self, name: str, function: str, summary: str) -> None:
        super().__init__(name, short_help=summary, rich_markup_mode=None)
        self._function = function

    def load(self) -> Any:
        """The command itself."""
        module, _, name = self._function.partition(":")
        app = typer.Typer(
            add_completion=False,
            rich_markup_mode=None,  # plain: no frames that cut messages up, and NO_COLOR holds
            pretty_exceptions_enable=False,
        )
        app.command(self.name)(getattr(import_module(module), name))
        return typer.main.get_command(app)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """The context of the command itself: it parses the arguments, and it is what is run."""
        return self.load().make_context(*args, **kwargs)


DISTRIBUTION = "entra-claims-provider"

app = typer.Typer(
    help="Claims for Microsoft Entra's tokens: load them, serve them, see what Entra sees.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
COMMANDS = (
    LazyCommand(
        "call",
        "claimsctl.cli.call:call",
        "Make one callout, as Entra would, and say what Entra would see.",
    ),
    LazyCommand(
        "demo",
        "claimsctl.cli.demo:demo",
        "The main job on the embedded default: load claims, serve, call, judge.",
    ),
    LazyCommand(
        "invoke",
        "claimsctl.cli.invoke:invoke",
        "Run the function in this process on one event.",
    ),
    LazyCommand(
        "serve",
        "claimsctl.cli.serve:serve",
        "Serve the local HTTP API in front of the function, over the embedded table.",
    ),
    LazyCommand(
        "tap",
        "claimsctl.cli.tap:tap",
        "Forward Entra's callouts to the real service unchanged, and show each one judged.",
    ),
    LazyCommand(
        "token",
        "claimsctl.cli.token:token",
        "Print a token as Entra would send it, or one that must be refused; or check one.",
    ),
    LazyCommand(
        "judge",
        "claimsctl.cli.judge:judge",
        "Judge a saved answer: would Entra accept it, and if not, what is wrong where.",
    ),
    LazyCommand(
        "explain",
        "claimsctl.cli.explain:explain",
        "Explain a code or finding: what it means, what causes it, how to check and cure it.",
    ),
    TyperGroup(
        name="claims",
        help="The claims in the table.",
        no_args_is_help=True,
        rich_markup_mode=None,
        commands=[
            LazyCommand(
                "load",
                "claimsctl.cli.claims_load:load",
                "Check a whole file of claims, then put its rows into a table.",
            ),
            LazyCommand(
                "diff",
                "claimsctl.cli.claims_diff:diff",
                "Show what loading a file would change; the table is only read.",
            ),
            LazyCommand(
                "export",
                "claimsctl.cli.claims_export:export",
                "Write the table's claims to standard output, as a file that loads as the same.",
            ),
            LazyCommand(
                "show",
                "claimsctl.cli.claims_show:show",
                "Show what a user gets: each row that counts, what wins, what Entra is told.",
            ),
            LazyCommand(
                "delete",
                "claimsctl.cli.claims_delete:delete",
                "Delete a user's rows, in every app, or in one; shown and asked first.",
            ),
            LazyCommand(
                "resolve",
                "claimsctl.cli.claims_resolve:resolve",
                "Replace the addresses of a file of claims by object ids, asked of Graph.",
            ),
        ],
    ),
    TyperGroup(
        name="entra",
        help="The tenant's side: plan it, apply it, read it, and what Entra recorded.",
        no_args_is_help=True,
        rich_markup_mode=None,
        commands=[
            LazyCommand(
                "plan",
                "claimsctl.cli.entra_plan:plan",
                "Show every step in the tenant, in order: request, permission, reason; nothing is"
                " sent.",
            ),
            LazyCommand(
                "apply",
                "claimsctl.cli.entra_apply:apply",
                "Carry the plan out: read first, change what differs, ask before each change.",
            ),
            LazyCommand(
                "snapshot",
                "claimsctl.cli.entra_snapshot:snapshot",
                "Read the tenant's part of the chain into one JSON file: no secret, key or user is"
                " in it.",
            ),
            LazyCommand(
                "signin",
                "claimsctl.cli.entra_signin:signin",
                "Read Entra's sign-in records: whether it called the endpoint, and what came of"
                " it.",
            ),
        ],
    ),
    TyperGroup(
        name="doctor",
        help="What is wrong, seen from outside.",
        no_args_is_help=True,
        rich_markup_mode=None,
        commands=[
            LazyCommand(
                "endpoint",
                "claimsctl.cli.doctor_endpoint:doctor_endpoint",
                "Check any endpoint from outside, and report what Entra would see.",
            ),
            LazyCommand(
                "tenant",
                "claimsctl.cli.doctor_tenant:doctor_tenant",
                "Check every link of the tenant's chain, and say which claim reaches which token.",
            ),
            LazyCommand(
                "stack",
                "claimsctl.cli.doctor_stack:doctor_stack",
                "Check a deployed stack: outputs, alarms, the version served, the authorizer.",
            ),
        ],
    ),
)
"""As `claimsctl --help` lists them; each summary is the first sentence of the command's help."""


def _print_version(asked: bool) -> None:  # noqa: FBT001  # a callback of typer's
    if asked:
        # Imported here: it takes longer than the rest of this module.
        from importlib.metadata import version  # noqa: PLC0415

        sys.stdout.write(f"claimsctl {version(DISTRIBUTION)}\n")
        raise typer.Exit


@app.callback()
def _top(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None: ...


def command_tree() -> TyperGroup:
    """All commands, by name."""
    tree = typer.main.get_group(app)
    for command in COMMANDS:
        tree.add_command(command)
    return tree


def main() -> None:
    """Entry point: errors as messages, exit codes as documented."""
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
