"""``claimsctl explain``."""

import json
import sys
from typing import Annotated

import typer

from claimsctl import report
from claimsctl.catalogue.look_up import look_up, nearest
from claimsctl.errors import OperatorError


def explain(
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="Entra's code, AADSTS…, a finding's id, a name.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="The entry as JSON.")] = False,
) -> None:
    """Explain a code or finding: what it means, what causes it, how to check and cure it."""
    entry = look_up(code)
    if entry is None:
        near = [f"nearest: {other.id}  {other.name}" for other in nearest(code)]
        message = f"{code}: no such code; expected one such as 1003005, AADSTS50146 or RSP001"
        raise OperatorError(message, lines=near)
    if as_json:
        sys.stdout.write(json.dumps(entry.document(), indent=2) + "\n")
    else:
        report.out().print(report.entry_view(entry))
