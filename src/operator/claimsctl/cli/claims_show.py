"""``claimsctl claims show``."""

import sys
import time
from http import HTTPStatus
from typing import Annotated

import typer

from claimsctl.claims_table.effective_claims import SignIn, sign_in
from claimsctl.claims_table.location import named_table
from claimsctl.claims_table.reader import TableReader
from claimsctl.cli.console import stderr, stdout
from claimsctl.cli.item_view import key_text, layer_lines
from claimsctl.cli.options import App, EndpointUrl, Stack, TableName, TenantOfUser, User
from claimsctl.cli.views import answer_view, verdict_view
from claimsctl.errors import ExitCode
from claimsctl.judge.attempt import Answer
from claimsctl.judge.judge import judge
from claimsctl.text import escaped


def show(
    user: User,
    tenant: TenantOfUser,
    app: App = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The body that Entra would get, and nothing else.")
    ] = False,
    table: TableName = None,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Show what a user gets: each row that counts, what wins, what Entra is told.

    Worked out by the function's own code, for its default settings. Exit code 1 when the table has
    no row of the user's, or Entra would get no claims.
    """
    location = named_table(table, stack, endpoint_url)
    reader = TableReader(location.client(), location.name)
    now = time.time()
    shown = sign_in(reader, tenant, user, app, now)
    if as_json:
        sys.stdout.write(shown.response["body"] + "\n")
    else:
        _print(shown, now)
    note = stderr()
    if not shown.user_is_known:
        missing = f"no row of user {user} in {location.name}"
        note.print(escaped(missing), style="yellow", markup=False)
    if not as_json:
        note.print(_assumptions(user, app), style="dim", markup=False)
    is_fine = shown.user_is_known and shown.response["statusCode"] == HTTPStatus.OK
    raise typer.Exit(ExitCode.FINE if is_fine else ExitCode.NOT_FINE)


def _print(shown: SignIn, now: float) -> None:
    console = stdout()
    for place in reversed(range(len(shown.found))):  # what wins stands first
        for line in layer_lines(shown, place, now):
            console.print(line)
    for key in shown.elsewhere:
        console.print(f"{key_text(key)}  not here: another app's, see --app", markup=False)
    response = shown.response
    answer = Answer(
        response["statusCode"], tuple(response["headers"].items()), response["body"].encode()
    )
    console.print(answer_view(answer))
    console.print(verdict_view(judge(answer)))


def _assumptions(user: str, app: str | None) -> str:
    where = "a sign-in that names no app" if app is None else f"a sign-in to app {app}"
    if "@" in user:
        keys = "USER_KEYS listing the address alone (by default it lists none), no"
    else:
        keys = "USER_KEYS=id, no"
    return (
        f"Assumed: {where}, {keys} ADDRESS_KEY_CLAIMS, no ECHO_CLAIMS, ON_STORE_FAILURE=fail;"
        " claimsctl invoke runs the function with other settings."
    )
