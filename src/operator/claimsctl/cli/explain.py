"""``claimsctl explain``."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from claimsctl.cli.console import stdout
from claimsctl.errors import OperatorError
from claimsctl.explain.entries import Entry, Source, find_entries, nearest

_SOURCES = {
    Source.CODE: "(not documented: read in its public source code)",
    Source.FIELD: "(not documented so: reports from the field)",
    Source.READING: "(the documentation leaves this open: we read it so)",
}


def explain(
    code: Annotated[
        list[str],
        typer.Argument(
            metavar="CODE…",
            help="A code, a finding's id or a name; or an error message or log line that has one.",
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="The entry as JSON; of several a list.")
    ] = False,
) -> None:
    """Explain a code or finding: what it means, what causes it, how to check and cure it.

    Entra's codes, with or without AADSTS, findings, token errors (IDX…, invalid_token), errors of
    Graph, and the function's own codes.
    """
    asked = " ".join(code)
    found = find_entries(asked)
    if not found:
        near = [f"nearest: {other.id}  {other.name}" for other in nearest(asked)]
        message = (
            f"{asked[:80]}: no such code; expected one such as 1003005, AADSTS50146, IDX10205"
            " or RSP001"
        )
        raise OperatorError(message, lines=near)
    if as_json:
        documents = [entry.document() for entry in found]
        sys.stdout.write(json.dumps(documents if found[1:] else documents[0], indent=2) + "\n")
    else:
        views = [view for entry in found for view in (entry_view(entry), Text())]
        stdout().print(Group(*views[:-1]))


def entry_view(entry: Entry) -> RenderableType:
    """What a code or finding means, and what to do."""
    head = Text(entry.id, style="bold").append(f"  {entry.name}", style="default")
    lines = [head, Text(entry.meaning)]
    if entry.source is not Source.DOC:
        lines.append(Text(_SOURCES[entry.source], style="dim"))
    for title, points in (
        ("Usual causes", entry.causes),
        ("How to check", entry.check),
        ("How to cure", entry.cure),
    ):
        lines += [Text(f"\n{title}", style="bold"), *(Text(f"  - {point}") for point in points)]
    lines.append(Text())
    if entry.see:
        lines.append(Text(f"See also: {', '.join(entry.see)}"))
    lines.append(Text(entry.doc, style="dim"))
    return Group(*lines)
