"""``claimsctl explain``."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from claimsctl.cli.console import stdout
from claimsctl.errors import OperatorError
from claimsctl.explain.entries import Entry, Source, find_entry, nearest

_SOURCES = {
    Source.FIELD: "(not documented so: reports from the field)",
    Source.READING: "(the documentation leaves this open: we read it so)",
}


def explain(
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="Entra's code, AADSTS…, a finding's id, a name.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="The entry as JSON.")] = False,
) -> None:
    """Explain a code or finding: what it means, what causes it, how to check and cure it."""
    entry = find_entry(code)
    if entry is None:
        near = [f"nearest: {other.id}  {other.name}" for other in nearest(code)]
        message = f"{code}: no such code; expected one such as 1003005, AADSTS50146 or RSP001"
        raise OperatorError(message, lines=near)
    if as_json:
        sys.stdout.write(json.dumps(entry.document(), indent=2) + "\n")
    else:
        stdout().print(entry_view(entry))


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
