"""``claimsctl entra signin``."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from claimsctl.cli.console import stderr, stdout
from claimsctl.cli.login_options import LoginOption, TenantKindOption
from claimsctl.cli.options import guid, input_file
from claimsctl.cli.signin_view import summary_view
from claimsctl.entra.token_claims import TenantKind
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
from claimsctl.tenant.credentials import Login
from claimsctl.text import escaped

FORMAT_VERSION = 1
_REASONS = {
    Unreadable.NOT_JSON: "not JSON",
    Unreadable.NOT_A_SIGN_IN: "not a sign-in record",
    Unreadable.CUT_OFF: "the compressed data is cut off or damaged",
    Unreadable.COLUMNS: "a different number of fields than the header",
    Unreadable.LISTENERS: "the column AppliedEventListeners is not JSON",
}


def signin(
    file: Annotated[
        Path | None,
        typer.Argument(
            parser=input_file,
            metavar="FILE",
            help="Sign-in records as JSON, JSON lines or CSV: from Graph beta, Log Analytics, Event"
            " Hubs, storage, the portal or PowerShell. May be compressed with gzip; - for stdin.",
            show_default=False,
        ),
    ] = None,
    tenant: Annotated[
        str | None,
        typer.Option(
            help="The tenant (a GUID) whose records to read from Graph beta instead of FILE; needs"
            " the extra tenant and the permission AuditLog.Read.All.",
            envvar="TENANT_ID",
            callback=guid,
            show_default=False,
        ),
    ] = None,
    tenant_kind: TenantKindOption = TenantKind.EXTERNAL,
    client_id: Annotated[
        str | None,
        typer.Option(
            help="With --tenant: the client id of the app to sign in with. It needs"
            " AuditLog.Read.All.",
            envvar="AZURE_CLIENT_ID",
            show_default=False,
        ),
    ] = None,
    login: LoginOption = Login.CLIENT_CREDENTIALS,
    hours: Annotated[
        int, typer.Option(help="With --tenant: how many hours back to read.", min=1, max=720)
    ] = 24,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", help="With --tenant: wait for the records of a sign-in that you make now."
        ),
    ] = False,
    correlation_id: Annotated[
        str | None,
        typer.Option(
            help="The correlation id of the only sign-in to show (a GUID).",
            callback=guid,
            show_default=False,
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            help="The function's log to join by correlation id: output of aws logs tail or"
            " filter-log-events, CSV or JSON of Logs Insights, or an export to S3.",
            parser=input_file,
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option(
            help="The stack whose CloudWatch Logs to search for the newest sign-ins.",
            envvar="STACK_NAME",
            show_default=False,
        ),
    ] = None,
    tap: Annotated[
        Path | None,
        typer.Option(
            help="The folder of claimsctl tap --save to join by correlation id.",
            parser=input_file,
            metavar="DIR",
            show_default=False,
        ),
    ] = None,
    show_users: Annotated[
        bool, typer.Option("--show-users", help="Show the users who signed in (personal data).")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary and the newest callouts as JSON.")
    ] = False,
) -> None:
    """Show from Entra's sign-in records whether Entra called the endpoint, and with what result.

    Exit code 1 when a callout failed or there is none; 3 when a part of the file is unreadable.
    """
    _check_sources(file, tenant, log, stack, follow=follow)
    summary = Summary(correlation_id or "")
    records = None
    if file is None:
        # Imported here because a file does not need it.
        from claimsctl.cli.signin_live import read_tenant  # noqa: PLC0415

        for sign_in in read_tenant(
            tenant or "", tenant_kind, client_id, login, correlation_id or "", hours, follow=follow
        ):
            summary.add(sign_in)
    else:
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
    if records is not None:
        _print_notes(records)
    if records is not None and records.unreadable:
        raise typer.Exit(ExitCode.PARTLY_DONE)
    raise typer.Exit(ExitCode.FINE if summary.is_fine else ExitCode.NOT_FINE)


def _check_sources(
    file: Path | None, tenant: str | None, log: Path | None, stack: str | None, *, follow: bool
) -> None:
    """Raise `OperatorError` for sources that are missing or exclude one another."""
    message = ""
    if file is None and tenant is None:
        message = "expected FILE, or --tenant ID to read from Graph"
    elif file is not None and follow:
        message = "--follow waits for records from Graph; use --tenant ID instead of FILE"
    elif log is not None and stack is not None:
        message = f"--log {log} and --stack {stack} are mutually exclusive"
    elif log is not None and str(log) == str(file) == "-":
        message = "FILE and --log are both standard input; use a file for one of them"
    if message:
        raise OperatorError(message)


def _sources(rows: list[Row], log: Path | None, stack: str | None, tap: Path | None) -> Sources:
    """Return the logs and recordings that the options name."""
    wanted = {row.sign_in.correlation_id for row in rows}
    lines = recordings = gateway = None
    if log is not None:
        with opened(log) as raw:
            lines = read_log(raw, str(log), wanted)
    if stack is not None:
        # Imported here because boto3 is slow to import.
        from claimsctl.signin.cloudwatch import stack_log  # noqa: PLC0415

        logged = stack_log(stack, rows)
        lines, gateway = logged.lines, logged.gateway
        if logged.left_out:
            note = (
                f"--stack {stack}: searched for the newest sign-ins only, not for {logged.left_out}"
            )
            stderr().print(escaped(f"{note} older ones"), markup=False)
    if tap is not None:
        recordings, unreadable = read_recordings(tap, wanted)
        if unreadable:
            note = f"--tap {tap}: {unreadable} files are not recorded exchanges"
            stderr().print(escaped(note), style="yellow", markup=False)
    return Sources(lines, recordings, gateway)


def _document(
    records: SignInFile | None,
    summary: Summary,
    rows: list[Row],
    sources: Sources,
    *,
    show_users: bool,
) -> dict[str, object]:
    unreadable = records.unreadable if records is not None else Counter[Unreadable]()
    columns = records.columns if records is not None else Counter[Column]()
    return {
        "version": FORMAT_VERSION,
        "summary": summary.document(),
        "callouts": [
            {**document_of(row.sign_in, row.callout, show_user=show_users), **sources.document(row)}
            for row in rows
        ],
        "unreadable": {reason.value: count for reason, count in unreadable.items()},
        "without_column": columns[Column.MISSING] + columns[Column.CUT],
    }


def _print_notes(records: SignInFile) -> None:
    note = stderr()
    for reason, count in records.unreadable.items():
        text = f"{records.name}: {count} unreadable: {_REASONS[reason]}"
        note.print(escaped(text), style="yellow", markup=False)
    if missing := records.columns[Column.MISSING]:
        text = f"{records.name}: {missing} records lack appliedEventListeners; to export it, use"
        note.print(escaped(text), style="yellow", markup=False)
        for query in COLUMN_QUERIES:
            note.print(f"  {query}", markup=False)
    if cut := records.columns[Column.CUT]:
        text = (
            f"{records.name}: {cut} records have type names instead of event listeners;"
            " export them with ConvertTo-Json -Depth 10"
        )
        note.print(escaped(text), style="yellow", markup=False)
