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
        bool, typer.Option("--teardown", help="The exact reverse: how to take it all away.")
    ] = False,
    move: MoveOption = None,
    stack: StackOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="The plan as JSON.")] = False,
    as_http: Annotated[
        bool,
        typer.Option("--http", help="The plan as an .http file for the REST clients of editors."),
    ] = False,
) -> None:
    """Show every step in the tenant, in order: request, permission, reason; nothing is sent."""
    if teardown and move:
        message = "--teardown and --move are mutually exclusive"
        raise OperatorError(message)
    if as_json and as_http:
        message = "--json and --http are mutually exclusive"
        raise OperatorError(message)
    at = read_lookup(config, claims, stack)
    if teardown:
        steps = planned_teardown(chain_steps(at), None)
    else:
        steps = planned(Move(at, move).steps() if move else chain_steps(at), None)
        steps = tuple(one for one in steps if one.requests)
    if as_json:
        documents = [one.document() for one in steps]
        sys.stdout.write(json.dumps({"steps": documents}, indent=2, ensure_ascii=False) + "\n")
    elif as_http:
        sys.stdout.write(http_file(steps, at))
    else:
        for line in plan_lines(steps):
            stdout().print(line)


def plan_lines(steps: Sequence[PlannedStep]) -> Iterator[Text]:
    """The plan for people: what, the request, the permission, why, and what its absence causes."""
    for number, one in enumerate(steps, start=1):
        link = one.step.link
        yield Text(f"{number:2}  ", style="dim").append(escaped(one.step.title), style="bold")
        for request in one.requests:
            beta = "  (beta)" if request.version == "beta" else ""
            yield _field("request", f"{request.method} {request.path}{beta}")
            if request.body is not None:
                yield _field("body", json.dumps(request.body, ensure_ascii=False))
        if one.kept:
            yield _field("kept", one.kept)
        if one.by_hand:
            yield _field("by hand", one.by_hand)
        yield _field("needs", ", ".join(one.permissions))
        yield _field("why", link.why)
        if link.errors:
            yield _field("without", ", ".join(link.errors))
    yield Text("")
    names = ", ".join(dict.fromkeys(name for one in steps for name in one.permissions))
    yield Text(f"Application permissions on Microsoft Graph: {names}. {GRANTED_BY} grants them.")


def _field(name: str, value: str) -> Text:
    return Text(f"    {name:8}", style="dim").append(escaped(value), style="default")
