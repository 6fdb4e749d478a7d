"""``claimsctl entra plan``."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.text import Text

from claimsctl.cli.console import stdout
from claimsctl.cli.tenant_options import (
    DEFAULT_CONFIG,
    ConfigFile,
    MoveOption,
    SchemaFile,
    StackOption,
    read_lookup,
    read_tenant_file,
)
from claimsctl.errors import OperatorError
from claimsctl.tenant.chain import GRANTED_BY
from claimsctl.tenant.move import Move
from claimsctl.tenant.plan import PlannedStep, http_file, planned, planned_teardown
from claimsctl.tenant.steps import chain_steps
from claimsctl.text import escaped


def plan(
    config: ConfigFile = DEFAULT_CONFIG,
    claims: SchemaFile = "claims.toml",
    teardown: Annotated[
        bool,
        typer.Option(
            "--teardown", help="Show what apply --teardown would remove, and what it would keep."
        ),
    ] = False,
    move: MoveOption = None,
    stack: StackOption = None,
    snapshot: Annotated[
        str | None,
        typer.Option(
            "--snapshot",
            metavar="FILE",
            help="Plan only what the tenant of this snapshot still needs, including manual steps;"
            " - for stdin.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
    as_http: Annotated[
        bool,
        typer.Option("--http", help="Print the plan as an .http file for REST clients of editors."),
    ] = False,
) -> None:
    """Show the steps of apply, without sending anything to the tenant.

    The tenant is not read: without --snapshot, the plan has every step that a tenant may need. Each
    step has its requests to Microsoft Graph, the permissions and the reason. If --stack or
    entra.toml names a stack, it is read from AWS.
    """
    if teardown and move:
        message = "--teardown and --move are mutually exclusive"
        raise OperatorError(message)
    if as_json and as_http:
        message = "--json and --http are mutually exclusive"
        raise OperatorError(message)
    at = read_lookup(config, claims, stack)
    tenant = None if snapshot is None else read_tenant_file(snapshot, at.config)
    if teardown:
        steps = planned_teardown(chain_steps(at), tenant)
    else:
        steps = planned(Move(at, move, tenant).steps() if move else chain_steps(at), tenant)
    steps = tuple(one for one in steps if one.requests or one.by_hand or one.kept)
    if as_json:
        documents = [one.document() for one in steps]
        sys.stdout.write(json.dumps({"steps": documents}, indent=2, ensure_ascii=False) + "\n")
    elif as_http:
        sys.stdout.write(http_file(steps, at))
    elif not steps:
        stdout().print("nothing to change", markup=False)
    else:
        for line in plan_lines(steps, teardown=teardown):
            stdout().print(line)


def plan_lines(steps: Sequence[PlannedStep], *, teardown: bool) -> Iterator[Text]:
    """Yield the lines of the plan: each step with its requests, permissions, reason and errors."""
    for number, one in enumerate(steps, start=1):
        link = one.step.link
        verb = "Undo: " if teardown and one.requests else ""
        yield Text(f"{number:2}  ", style="dim").append(escaped(verb + one.step.title), "bold")
        for request in one.requests:
            beta = "  (beta)" if request.version == "beta" else ""
            yield _field("request", f"{request.method} {request.path}{beta}")
            if request.body is not None:
                yield _field("body", json.dumps(request.body, ensure_ascii=False))
        if one.by_hand:
            yield _field("by hand", one.by_hand)
        if one.kept:
            yield _field("kept", one.kept)
        if not one.requests:
            continue
        yield _field("needs", ", ".join(one.permissions))
        if teardown:
            continue
        yield _field("why", link.why)
        if link.errors:
            yield _field("without", ", ".join(link.errors))
    yield Text("")
    changing = (one for one in steps if one.requests)
    names = ", ".join(dict.fromkeys(name for one in changing for name in one.permissions))
    if names:
        granted = f"{names}; {GRANTED_BY} grants them."
        yield Text(f"Application permissions on Microsoft Graph: {granted}")


def _field(name: str, value: str) -> Text:
    return Text(f"    {name:8}", style="dim").append(escaped(value), style="default")
