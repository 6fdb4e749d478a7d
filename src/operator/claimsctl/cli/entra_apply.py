"""``claimsctl entra apply``."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from claimsctl.cli.canary import canary_source, wait_for_callout
from claimsctl.cli.console import stderr
from claimsctl.cli.endpoint_options import BearerToken
from claimsctl.cli.login_options import LoginOption, OperatorApp
from claimsctl.cli.tenant_options import (
    DEFAULT_CONFIG,
    ConfigFile,
    MoveOption,
    SchemaFile,
    StackOption,
    read_lookup,
    signed_in,
)
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.tenant.apply import Driver, Outcome, apply_steps, undo_steps
from claimsctl.tenant.chain import AUDIT, permissions_of
from claimsctl.tenant.credentials import Login
from claimsctl.tenant.gate import check_endpoint, sign_in_url
from claimsctl.tenant.graph import Graph
from claimsctl.tenant.listener_steps import without
from claimsctl.tenant.lookup import Lookup
from claimsctl.tenant.move import Move
from claimsctl.tenant.reading import read_configured
from claimsctl.tenant.snapshot import Snapshot
from claimsctl.tenant.step import Requests, Step
from claimsctl.tenant.steps import chain_steps
from claimsctl.text import escaped


@dataclass(frozen=True, slots=True)
class Choices:
    """The command's options, except the files and the sign-in."""

    token: str | None
    seen_in: Path | None
    minutes: int
    yes: bool
    force: bool

    def asks_entra(self, at: Lookup) -> bool:
        """Return whether the test application's callout is read from Entra's sign-in records."""
        no_other = self.seen_in is None and at.config.endpoint.stack is None
        return no_other and not self.force and len(at.config.audiences) > 1

    def is_blind(self, at: Lookup) -> bool:
        """Whether nothing and nobody is asked before Entra calls for more than a test."""
        return self.yes and self.force and len(at.config.audiences) > 1


def apply(
    config: ConfigFile = DEFAULT_CONFIG,
    claims: SchemaFile = "claims.toml",
    stack: StackOption = None,
    client_id: OperatorApp = None,
    login: LoginOption = Login.CLIENT_CREDENTIALS,
    token: BearerToken = None,
    seen_in: Annotated[
        Path | None,
        typer.Option(
            "--seen-in",
            metavar="PATH",
            help="A file or folder of claimsctl tap with the test application's callout.",
            show_default="the stack's log, or Entra's sign-in records, which need"
            " AuditLog.Read.All",
        ),
    ] = None,
    minutes: Annotated[
        int,
        typer.Option(
            help="How long to wait for the test application's callout, in minutes.", min=0
        ),
    ] = 15,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Apply each change without a prompt, also when it adds [[applications]] to the"
            " listener.",
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Create the listener without testing the endpoint: every sign-in to its"
            " applications fails until the endpoint answers. Also skips the wait for the test"
            " application's callout. Refused together with --yes if entra.toml has"
            " [[applications]].",
        ),
    ] = False,
    take_back: Annotated[
        str | None,
        typer.Option(
            "--take-back",
            metavar="APP_ID",
            help="Remove only this application from the listener.",
            show_default=False,
        ),
    ] = None,
    move: MoveOption = None,
    teardown: Annotated[
        bool,
        typer.Option(
            "--teardown",
            help="Remove what apply creates, the listener first, but not what other sign-ins may"
            " need, such as acceptMappedClaims and membership in user flows; entra plan --teardown"
            " lists both. Asks before each removal, unless --yes is given.",
        ),
    ] = False,
) -> None:
    """Apply the plan: read the tenant, and change what differs, after a prompt for each change.

    The listener is created last, for the test application only; the other applications follow after
    its successful callout, or with --force without one. Run the command again to continue: it
    changes only what still differs.
    """
    if sum([take_back is not None, move is not None, teardown]) > 1:
        message = "--take-back, --move and --teardown are mutually exclusive"
        raise OperatorError(message)
    at = read_lookup(config, claims, stack)
    choices = Choices(token, seen_in, minutes, yes, force)
    # Each write permission includes the read permission; Organization.Read.All is optional.
    permissions = permissions_of()
    is_whole = take_back is None and move is None and not teardown
    if (is_whole or move is not None) and choices.is_blind(at):
        ids = ", ".join(one.app_id for one in at.config.audiences[1:])
        message = (
            "--yes and --force together would have Entra call the endpoint without a test or a"
            f" question, also for {ids}; leave out one of the two options"
        )
        raise OperatorError(message)
    if is_whole and choices.asks_entra(at):
        permissions = (*permissions, AUDIT)
    tenant = at.config.tenant
    graph = signed_in(tenant.id, tenant.kind, client_id, login, permissions)
    if take_back is not None:
        _report(_take_back(at, graph, take_back.lower(), yes=yes))
    elif move is not None:
        _move(at, graph, choices, move)
    elif teardown:
        _print_outcome(undo_steps(chain_steps(at), _driver(at, graph, choices)))
    else:
        outcome = apply_steps(chain_steps(at), _driver(at, graph, choices))
        _print_outcome(outcome)
        if "listener" in outcome.changed:
            _report(f"sign in to the test application: {sign_in_url(at.config)}")


def _driver(at: Lookup, graph: Graph, choices: Choices) -> Driver:
    """Return the driver, which asks the operator and tests the endpoint before Entra calls it."""
    began = datetime.now(UTC)

    def before(step: Step, found: Snapshot) -> None:
        if choices.force:
            _report(f"--force: {step.title}, without a successful test of the endpoint")
        elif step.key in {"listener", "move-switch"}:
            check_endpoint(at.config, choices.token)
        else:
            listener = at.listener_of(found)
            if listener is None:
                message = "the test application has no listener; run the command again"
                raise OperatorError(message, exit_code=ExitCode.NOT_FINE)
            source = canary_source(at.config, graph, choices.seen_in)
            wait_for_callout(at.config, source, listener, began, choices.minutes)

    return Driver(
        graph,
        lambda: read_configured(graph, at.config),
        lambda step, requests: _is_agreed(step.title, requests, yes=choices.yes),
        _report,
        before,
    )


def _move(at: Lookup, graph: Graph, choices: Choices, new_url: str) -> None:
    move = Move(at, new_url, read_configured(graph, at.config))
    _print_outcome(apply_steps(move.steps(), _driver(move.destination, graph, choices)))
    if at.config.target_url != new_url:
        _report(f"the endpoint was moved; set target_url = {json.dumps(new_url)} in entra.toml")


def _print_outcome(outcome: Outcome) -> None:
    for text in outcome.by_hand:
        _report(f"by hand: {text}")
    for text in outcome.kept:
        _report(f"kept: {text}")
    count = len(outcome.changed)
    steps = "1 step" if count == 1 else f"{count} steps"
    _report(f"{steps} applied" if count else "nothing to change")


def _report(text: str) -> None:
    stderr().print(escaped(text), markup=False)


def _take_back(at: Lookup, graph: Graph, app_id: str, *, yes: bool) -> str:
    requests = without(at, read_configured(graph, at.config), app_id)
    if not requests:
        return f"no listener names application {app_id}"
    if not _is_agreed(f"Remove application {app_id} from the listener", requests, yes=yes):
        return "nothing was changed"
    for request in requests:
        graph.send(request)
    return f"application {app_id} was removed from the listener: Entra no longer calls for it"


def _is_agreed(title: str, requests: Requests, *, yes: bool) -> bool:
    """Show the requests, and ask to confirm them. Raises `OperatorError` without a terminal."""
    note = stderr()
    note.print(escaped(title), style="bold", markup=False)
    for request in requests:
        note.print(escaped(f"  {request.method} {request.path}"), markup=False)
        if request.body is not None:
            body = json.dumps(request.body, ensure_ascii=False)
            note.print(escaped(f"  {body}"), style="dim", markup=False)
    if yes:
        return True
    if not sys.stdin.isatty():
        message = (
            "standard input is not a terminal; to apply the changes without a prompt, add --yes"
        )
        raise OperatorError(message)
    note.print("Type yes to apply: ", end="", markup=False)
    return sys.stdin.readline().strip() == "yes"
