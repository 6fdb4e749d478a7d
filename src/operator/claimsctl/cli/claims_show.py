"""``claimsctl claims show``."""

import json
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import typer

from claimsctl.claims_table.effective_claims import SignIn, sign_in
from claimsctl.claims_table.location import named_table
from claimsctl.claims_table.reader import TableReader
from claimsctl.cli.console import stderr, stdout
from claimsctl.cli.item_view import key_text, layer_lines
from claimsctl.cli.options import (
    App,
    EndpointUrl,
    Stack,
    TableName,
    TenantOfUser,
    User,
    input_file,
    read_input,
)
from claimsctl.cli.token_view import preview_documents, preview_view
from claimsctl.cli.views import answer_view, verdict_view
from claimsctl.entra.token_mapping import MappedClaim, PreviewedClaim, preview, read_policy
from claimsctl.errors import ExitCode
from claimsctl.judge.attempt import Answer
from claimsctl.judge.judge import judge
from claimsctl.text import escaped

ACCESS_TOKEN, ASSERTION = "access token", "SAML assertion"
TOKENS = ("ID token", ACCESS_TOKEN, ASSERTION)
"""The kinds of token. Each contains the claims that a claims mapping policy maps: for an access
token the policy of the API's app, for the others that of the app that the user signs in to."""
Previews = dict[str, tuple[PreviewedClaim, ...]]


def show(
    user: User,
    tenant: TenantOfUser,
    app: App = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print only the JSON body that Entra would receive.")
    ] = False,
    token: Annotated[
        bool,
        typer.Option("--token", help="Also show which claims tokens would contain."),
    ] = False,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--mapping-policy",
            parser=input_file,
            metavar="FILE",
            help="The claims mapping policy of the app that the user signs in to. Implies --token.",
            show_default=False,
        ),
    ] = None,
    api_policy: Annotated[
        Path | None,
        typer.Option(
            parser=input_file,
            metavar="FILE",
            help="The claims mapping policy of the API that the access token is for. Implies"
            " --token.",
            show_default=False,
        ),
    ] = None,
    table: TableName = None,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Show the claims that a user gets, and where they come from.

    The answer is computed by the function's own code. It uses the function's default settings, not
    those of your deployment. Exit code 1 when the table has no item for the user (the tenant's
    defaults do not count), or the function would return an error.
    """
    location = named_table(table, stack, endpoint_url)
    reader = TableReader(location.client(), location.name)
    now = time.time()
    shown = sign_in(reader, tenant, user, app, now)
    answer = Answer(
        shown.response["statusCode"],
        tuple(shown.response["headers"].items()),
        shown.response["body"].encode(),
    )
    verdict = judge(answer)
    previews: Previews = {}
    if token or policy or api_policy:
        previews = _previews(verdict.claims, policy, api_policy)
    if as_json and previews:
        document = {
            "answer": json.loads(answer.body),
            "tokens": {name: preview_documents(claims) for name, claims in previews.items()},
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    elif as_json:
        sys.stdout.write(shown.response["body"] + "\n")
    else:
        _print(shown, now)
        stdout().print(answer_view(answer))
        stdout().print(verdict_view(verdict))
        for name, claims in previews.items():
            stdout().print(preview_view(f"In the {name}", claims))
    note = stderr()
    if not shown.user_is_known:
        missing = f"table {location.name}: no item for user {user}"
        note.print(escaped(missing), style="yellow", markup=False)
    if previews and (assumed := _assumed_policy(policy, api_policy)):
        note.print(assumed, style="dim", markup=False)
    if not as_json:
        note.print(_assumptions(user, app), style="dim", markup=False)
    is_fine = shown.user_is_known and shown.response["statusCode"] == HTTPStatus.OK
    raise typer.Exit(ExitCode.FINE if is_fine else ExitCode.NOT_FINE)


def _print(shown: SignIn, now: float) -> None:
    console = stdout()
    for place in reversed(range(len(shown.found))):  # highest precedence first
        for line in layer_lines(shown, place, now):
            console.print(line)
    for key in shown.elsewhere:
        console.print(f"{key_text(key)}  not used: for another app (see --app)", markup=False)


def _previews(claims: Mapping[str, Any], policy: Path | None, api_policy: Path | None) -> Previews:
    """Preview each kind of token under its app's policy, or as if each claim kept its name."""
    own_names = tuple(MappedClaim(name, name, name) for name in claims)
    of_app = own_names if policy is None else read_policy(read_input(policy), str(policy))
    of_api = of_app
    if api_policy is not None:
        of_api = read_policy(read_input(api_policy), str(api_policy))
    return {
        name: preview(claims, of_api if name == ACCESS_TOKEN else of_app, saml=name == ASSERTION)
        for name in TOKENS
    }


def _assumed_policy(policy: Path | None, api_policy: Path | None) -> str:
    """Return what is assumed about policies that are not given; empty if both are."""
    if policy is None:
        return (
            "Assumed: a claims mapping policy that maps each claim to its own name. To use your"
            " policy, add --mapping-policy FILE."
        )
    if api_policy is None:
        return (
            "Assumed: the access token is for the same app. To use the policy of another API, add"
            " --api-policy FILE."
        )
    return ""


def _assumptions(user: str, app: str | None) -> str:
    where = "a sign-in without an app id" if app is None else f"a sign-in to app {app}"
    if "@" in user:
        keys = "USER_KEYS set to the address only (the default does not use addresses)"
    else:
        keys = "USER_KEYS=id"
    return (
        f"Assumed: {where}, {keys}, no ADDRESS_KEY_CLAIMS, no ECHO_CLAIMS, ON_STORE_FAILURE=fail."
        " To use other settings, run claimsctl invoke."
    )
