"""``claimsctl entra signin``."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from claimsctl.cli.console import stderr, stdout
from claimsctl.cli.options import guid, input_file
from claimsctl.cli.signin_view import summary_view
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.signin.joined import Sources
from claimsctl.signin.json_values import Unreadable
from claimsctl.signin.provider_log import read_log
from claimsctl.signin.reader import COLUMN_QUERIES, SignInFile
from claimsctl.signin.recordings import read_recordings
from claimsctl.signin.records import Column
from claimsctl.signin.summary import Row, Summary
from claimsctl.signin.text_source import opened
from claimsctl.signin.verdicts import document_of
from claimsctl.text import escaped

FORMAT_VERSION = 1
_REASONS = {
    Unreadable.NOT_JSON: "not JSON",
    Unreadable.NOT_A_SIGN_IN: "no sign-in record",
    Unreadable.CUT_OFF: "the compressed data is cut off",
    Unreadable.COLUMNS: "another number of fields than the header",
    Unreadable.LISTENERS: "its column AppliedEventListeners is no JSON",
}


def signin(
    file: Annotated[
        Path,
        typer.Argument(
            parser=input_file,
            metavar="FILE",
            help="Sign-in records: Graph beta's answer, an export of Log Analytics, Event Hub or"
            " storage, the portal's JSON, PowerShell's; JSON, JSON lines or CSV; may be gzip;"
            " - for stdin.",
        ),
    ],
    correlation_id: Annotated[
        str | None,
        typer.Option(help="Only this sign-in (GUID).", callback=guid, show_default=False),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            help="The function's log: aws logs tail, filter-log-events, Insights' CSV or JSON, an"
            " export to S3; joined by correlation id.",
            parser=input_file,
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option(
            help="Ask CloudWatch Logs of this stack for the newest sign-ins' lines.",
            envvar="STACK_NAME",
            show_default=False,
        ),
    ] = None,
    tap: Annotated[
        Path | None,
        typer.Option(
            help="The folder of tap --save; joined by correlation id.",
            parser=input_file,
            metavar="DIR",
            show_default=False,
        ),
    ] = None,
    show_users: Annotated[
        bool, typer.Option("--show-users", help="Show who signed in: personal data.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Summary and newest callouts as JSON.")
    ] = False,
) -> None:
    """Read Entra's sign-in records: whether it called the endpoint, and what came of it.

    Exit code 1 when a callout failed or there is none, 3 when a part of the file is unreadable.
    """
    if log is not None and (stack is not None or str(log) == str(file) == "-"):
        other = "--stack" if stack is not None else "standard input twice"
        message = f"--log {log} and {other} are mutually exclusive; give one of them"
        raise OperatorError(message)
    summary = Summary(correlation_id or "")
    with opened(file) as raw:
        records = SignInFile(raw, str(file))
        for sign_in in records.records():
            summary.add(sign_in)
    rows = summary.rows()
    sources = _sources(rows, log, stack, tap)
    if as_json:
        document = _document(records, summary, rows, sources, show_users=show_users)
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        stdout().print(summary_view(summary, sources, show_users=show_users))
    _print_notes(records)
    if records.unreadable:
        raise typer.Exit(ExitCode.PARTLY_DONE)
    raise typer.Exit(ExitCode.FINE if summary.is_fine else ExitCode.NOT_FINE)


def _sources(rows: list[Row], log: Path | None, stack: str | None, tap: Path | None) -> Sources:
    """What the options join the rows with."""
    wanted = {row.sign_in.correlation_id for row in rows}
    lines = recordings = None
    if log is not None:
        with opened(log) as raw:
            lines = read_log(raw, str(log), wanted)
    if stack is not None:
        # Imported here: boto3 takes as long as everything else.
        from claimsctl.signin.cloudwatch import stack_log  # noqa: PLC0415

        lines, left_out = stack_log(stack, rows)
        if left_out:
            note = f"--stack {stack}: asked about the newest sign-ins; {left_out} left out"
            stderr().print(escaped(note), markup=False)
    if tap is not None:
        recordings, unreadable = read_recordings(tap, wanted)
        if unreadable:
            note = f"--tap {tap}: {unreadable} files that are no recorded exchange"
            stderr().print(escaped(note), style="yellow", markup=False)
    return Sources(lines, recordings)


def _document(
    records: SignInFile, summary: Summary, rows: list[Row], sources: Sources, *, show_users: bool
) -> dict[str, object]:
    return {
        "version": FORMAT_VERSION,
        "summary": summary.document(),
        "callouts": [
            {**document_of(row.sign_in, row.callout, show_user=show_users), **sources.document(row)}
            for row in rows
        ],
        "unreadable": {reason.value: count for reason, count in records.unreadable.items()},
        "without_column": records.columns[Column.MISSING] + records.columns[Column.CUT],
    }


def _print_notes(records: SignInFile) -> None:
    note = stderr()
    for reason, count in records.unreadable.items():
        text = f"{records.name}: {count} unreadable: {_REASONS[reason]}"
        note.print(escaped(text), style="yellow", markup=False)
    if missing := records.columns[Column.MISSING]:
        text = f"{records.name}: {missing} records lack appliedEventListeners; it comes with"
        note.print(escaped(text), style="yellow", markup=False)
        for query in COLUMN_QUERIES:
            note.print(f"  {query}", markup=False)
    if cut := records.columns[Column.CUT]:
        text = f"{records.name}: {cut} records cut off by ConvertTo-Json; write them with -Depth 10"
        note.print(escaped(text), style="yellow", markup=False)
