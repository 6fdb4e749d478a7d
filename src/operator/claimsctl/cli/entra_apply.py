"""``claimsctl entra apply``."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from claimsctl.cli.console import stderr
from claimsctl.cli.endpoint_options import BearerToken
from claimsctl.cli.entra_snapshot import read_configured
from claimsctl.cli.login_options import LoginOption, OperatorApp
from claimsctl.cli.tenant_options import (
    DEFAULT_CONFIG,
    ConfigFile,
    SchemaFile,
    read_lookup,
    signed_in,
)
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.tenant.apply import Driver, apply_steps, undo_steps
from claimsctl.tenant.chain import permissions_of
from claimsctl.tenant.credentials import Login
from claimsctl.tenant.gate import check_endpoint, seen_by_entra, seen_in_recordings, sign_in_url
from claimsctl.tenant.graph import Graph
from claimsctl.tenant.listener_steps import without
from claimsctl.tenant.lookup import Lookup
from claimsctl.tenant.snapshot import Snapshot
from claimsctl.tenant.step import Requests, Step
from claimsctl.tenant.steps import chain_steps
from claimsctl.text import escaped

_POLL_SECONDS = 15.0


def apply(
    config: ConfigFile = DEFAULT_CONFIG,
    claims: SchemaFile = "claims.toml",
    client_id: OperatorApp = None,
    login: LoginOption = Login.CLIENT_CREDENTIALS,
    token: BearerToken = None,
    seen_in: Annotated[
        Path | None,
        typer.Option(
            "--seen-in",
            metavar="PATH",
            help="Recordings of claimsctl tap that show the test application's callout"
            " [default: Entra's own record, with AuditLog.Read.All].",
            show_default=False,
        ),
    ] = None,
    minutes: Annotated[
        int, typer.Option(help="How long to wait for the test application's callout.", min=0)
    ] = 15,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before each change.")] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Make the listener although the endpoint was not seen to answer: every sign-in to"
            " its applications fails until it does.",
        ),
    ] = False,
    take_back: Annotated[
        str | None,
        typer.Option(
            "--take-back",
            metavar="APP-ID",
            help="Only take this application off the listener again.",
            show_default=False,
        ),
    ] = None,
    teardown: Annotated[
        bool, typer.Option("--teardown", help="Take the chain away, the listener first.")
    ] = False,
) -> None:
    """Carry the plan out: read first, change what differs, ask before each change.

    The listener comes last, for the test application alone; the others follow once its callout has
    been seen. A second run goes on where the first ended, and changes nothing that holds.
    """
    at = read_lookup(config, claims)
    tenant = at.config.tenant
    # Each permission to write is one to read: only Organization.Read.All is more, and optional.
    graph = signed_in(tenant.id, tenant.kind, client_id, login, permissions_of())
    run_apply(
        at,
        graph,
        token=token,
        seen_in=seen_in,
        minutes=minutes,
        yes=yes,
        force=force,
        take_back=take_back,
        teardown=teardown,
    )


def run_apply(
    at: Lookup,
    graph: Graph,
    *,
    token: str | None,
    seen_in: Path | None,
    minutes: int,
    yes: bool,
    force: bool,
    take_back: str | None,
    teardown: bool,
) -> None:
    """The command, once it is signed in."""
    note = stderr()
    began = datetime.now(UTC)

    def read() -> Snapshot:
        return read_configured(graph, at.config)

    def report(text: str) -> None:
        note.print(escaped(text), markup=False)

    def agree(step: Step, requests: Requests) -> bool:
        return _is_agreed(step.title, requests, yes=yes)

    def before_listener(step: Step, found: Snapshot) -> None:
        if force:
            report(f"--force: {step.title}, although the endpoint was not seen to answer")
        elif step.key == "listener":
            check_endpoint(at.config, token)
        else:
            _wait_for_callout(at, graph, found, seen_in, began, minutes)

    driver = Driver(graph, read, agree, report, before_listener)
    if take_back is not None:
        report(_take_back(at, graph, take_back.lower(), yes=yes))
        return
    outcome = (undo_steps if teardown else apply_steps)(chain_steps(at), driver)
    for text in outcome.by_hand:
        report(f"by hand: {text}")
    count = len(outcome.changed)
    report(f"{count} steps carried out" if count else "nothing to change")
    if not teardown and "listener" in outcome.changed:
        report(f"sign in to the test application: {sign_in_url(at.config)}")


def _take_back(at: Lookup, graph: Graph, app_id: str, *, yes: bool) -> str:
    requests = without(at, read_configured(graph, at.config), app_id)
    if not requests:
        return f"no listener names application {app_id}"
    if not _is_agreed(f"Take application {app_id} back", requests, yes=yes):
        return "nothing changed"
    for request in requests:
        graph.send(request)
    return f"application {app_id} taken back: Entra no longer calls for it"


def _is_agreed(title: str, requests: Requests, *, yes: bool) -> bool:
    """Show the requests, and ask. Raises `OperatorError` when nobody is there to answer."""
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
        message = "nobody to ask; --yes makes the changes without asking"
        raise OperatorError(message)
    note.print("Type yes: ", end="", markup=False)
    return sys.stdin.readline().strip() == "yes"


def _wait_for_callout(
    at: Lookup,
    graph: Graph,
    tenant: Snapshot,
    seen_in: Path | None,
    since: datetime,
    minutes: int,
) -> None:
    """Wait until the test application's callout is seen. Raises `OperatorError` when none comes."""
    listener = at.listener_of(tenant)
    if listener is None:
        message = "the test application has no listener; run the command again"
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE)
    url = sign_in_url(at.config)
    stderr().print(escaped(f"sign in to the test application: {url}"), markup=False)
    for _ in range(max(1, int(minutes * 60 / _POLL_SECONDS))):
        if seen_in is not None:
            seen = "" if seen_in_recordings(seen_in, listener.extension_id, since) else None
        else:
            seen = seen_by_entra(graph, at.config.test.app_id, listener, since)
        if seen == "":
            return
        if seen is not None:
            message = f"the test application's callout failed: {seen}; no other application follows"
            raise OperatorError(message, exit_code=ExitCode.PARTLY_DONE)
        graph.sleep(_POLL_SECONDS)
    message = (
        f"no callout of the test application within {minutes} minutes; sign in to it and run the"
        " command again"
    )
    raise OperatorError(message, exit_code=ExitCode.PARTLY_DONE, lines=[url])
