"""``claimsctl explain``."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from claimsctl.cli.console import stdout
from claimsctl.errors import OperatorError
from claimsctl.explain.entries import (
    HOW_TO_FIX,
    SOURCE_NOTES,
    Entry,
    Source,
    find_entries,
    nearest,
    page_link,
)


def explain(
    code: Annotated[
        list[str],
        typer.Argument(
            metavar="CODE…",
            help="A code, the id of a finding, or an error name; or an error message or log line"
            " that contains one.",
        ),
    ],
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print the entry as JSON, or several entries as a list."),
    ] = False,
) -> None:
    """Explain an error code or a finding, and how to fix it.

    Shows the meaning, the usual causes and how to check for them. Covers Entra's codes (with or
    without AADSTS), the findings of claimsctl, token errors (IDX…, invalid_token), errors of
    Microsoft Graph, and the error codes of the function.
    """
    asked = " ".join(code)
    found = find_entries(asked)
    if not found:
        near = [f"  {other.id}  {other.name}" for other in nearest(asked)]
        message = (
            f"{asked[:80]}: unknown code; expected a code such as 1003005, AADSTS50146, IDX10205"
            " or RSP001; "
        )
        message += "similar codes:" if near else "check the digits, or paste the whole message"
        raise OperatorError(message, lines=near)
    if as_json:
        documents = [entry.document() for entry in found]
        sys.stdout.write(json.dumps(documents if found[1:] else documents[0], indent=2) + "\n")
    else:
        views = [view for entry in found for view in (entry_view(entry), Text())]
        stdout().print(Group(*views[:-1]))


def entry_view(entry: Entry) -> RenderableType:
    """Show what a code or finding means, and what to do."""
    head = Text(entry.id, style="bold").append(f"  {entry.name}", style="default")
    lines = [head, Text(entry.meaning)]
    if entry.source is not Source.DOC:
        lines.append(Text(SOURCE_NOTES[entry.source], style="dim"))
    for title, points in (
        ("Usual causes", entry.causes),
        ("How to check", entry.check),
        (HOW_TO_FIX, entry.cure),
    ):
        lines += [Text(f"\n{title}", style="bold"), *(Text(f"  - {point}") for point in points)]
    lines.append(Text())
    if entry.see:
        lines.append(Text(f"See also: {', '.join(entry.see)}"))
    lines += [Text(entry.doc, style="dim"), Text(page_link(entry.id), style="dim")]
    return Group(*lines)
