"""``claimsctl judge``."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from claimsctl.cli.console import stderr, stdout
from claimsctl.cli.options import WaitMs, input_file, read_input
from claimsctl.cli.views import verdict_view
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.judge.judge import judge as judge_answer
from claimsctl.judge.saved_answer import SAVED_BYTES_MAX, read_saved_answer
from claimsctl.text import escaped


def judge(
    response: Annotated[
        Path,
        typer.Argument(
            parser=input_file,
            metavar="RESPONSE",
            help="curl -i output, an exported exchange, or a bare body; - for stdin.",
        ),
    ],
    status: Annotated[
        int | None,
        typer.Option(help="Status of a bare body.", min=0, max=999, show_default="200"),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(
            help="A header of a bare body, as often as needed.",
            metavar="'NAME: VALUE'",
            show_default="content-type: application/json",
        ),
    ] = None,
    timeout_ms: WaitMs = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="The verdict as JSON.")] = False,
) -> None:
    """Judge a saved answer: would Entra accept it, and if not, what is wrong where.

    Exit code 1 when it would not.
    """
    raw = read_input(response, SAVED_BYTES_MAX)
    try:
        saved = read_saved_answer(raw, status, header or ())
    except OperatorError as error:
        message = f"{response}: {error}"
        raise OperatorError(message, lines=error.lines) from None
    verdict = judge_answer(saved.answer, timeout_ms)
    if saved.note:
        stderr().print(escaped(f"{response}: {saved.note}"), markup=False)
    if as_json:
        sys.stdout.write(json.dumps(verdict.document(), indent=2) + "\n")
    else:
        stdout().print(verdict_view(verdict, saved.answer.body))
    raise typer.Exit(ExitCode.FINE if verdict.accepted else ExitCode.NOT_FINE)
