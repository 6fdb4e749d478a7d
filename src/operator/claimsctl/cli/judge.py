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
            help="A file with the output of curl -i, an exported exchange, or only a response body;"
            " - for standard input.",
        ),
    ],
    status: Annotated[
        int | None,
        typer.Option(
            help="The HTTP status code, if the file is only a body.",
            min=0,
            max=999,
            show_default="200",
        ),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(
            help="A response header, if the file is only a body. Repeatable.",
            metavar="'NAME: VALUE'",
            show_default="content-type: application/json",
        ),
    ] = None,
    timeout_ms: WaitMs = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Check whether Entra would accept a saved answer.

    The answer is the endpoint's response to a callout, which is the request that Entra sends before
    it issues a token. Each finding shows what is wrong, where, and what to do. Exit code 1 when
    Entra would not accept the answer.
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
