"""``claimsctl explain``."""

import json
import sys
from typing import Annotated

import typer

from claimsctl.cli.console import stdout
from claimsctl.cli.views import entry_view
from claimsctl.errors import OperatorError
from claimsctl.explain.entries import find_entry, nearest


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
