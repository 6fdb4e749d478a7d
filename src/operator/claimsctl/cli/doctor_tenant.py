"""``claimsctl doctor tenant``."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from claimsctl.cli.console import stdout
from claimsctl.cli.endpoint_options import BearerToken
from claimsctl.cli.entra_snapshot import read_now
from claimsctl.cli.login_options import LoginOption, OperatorApp
from claimsctl.cli.options import input_file, read_input, url_or_none
from claimsctl.cli.tenant_options import (
    DEFAULT_CONFIG,
    StackOption,
    read_tenant_file,
    with_stack,
)
from claimsctl.cli.views import finding_view
from claimsctl.doctor.runner import known_prefixes
from claimsctl.entra.callout import scenario_callout
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.judge.finding import Finding, Level
from claimsctl.judge.judge import judge
from claimsctl.judge.saved_answer import SAVED_BYTES_MAX, read_saved_answer
from claimsctl.tenant.checks import TENANT_CHECKS
from claimsctl.tenant.claims_checks import claim_paths
from claimsctl.tenant.config import Config, read_config
from claimsctl.tenant.credentials import Login
from claimsctl.tenant.diagnosis import Case, case_of, diagnose, headline
from claimsctl.text import escaped

_STYLES = {Level.OK: "green", Level.SKIP: "dim", Level.WARN: "yellow", Level.FAIL: "red"}


def doctor_tenant(
    snapshot: Annotated[
        str | None,
        typer.Option(
            "--snapshot",
            metavar="FILE",
            help="A file of claimsctl entra snapshot to check instead of the tenant; - for stdin.",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="The configuration with the tenant, endpoint and applications.",
            envvar="ENTRA_CONFIG",
            show_default="entra.toml, if it exists",
        ),
    ] = None,
    target_url: Annotated[
        str | None,
        typer.Option(
            help="The target URL of the extension, if the tenant has several extensions.",
            callback=url_or_none,
            show_default=False,
        ),
    ] = None,
    extension: Annotated[
        str | None,
        typer.Option(
            "--extension",
            metavar="ID",
            help="The id of the extension, if several have the same target URL.",
            show_default=False,
        ),
    ] = None,
    stack: StackOption = None,
    answer: Annotated[
        str | None,
        typer.Option(
            "--answer",
            metavar="FILE",
            help="A saved answer of the endpoint, in any format that claimsctl judge accepts.",
            show_default=False,
        ),
    ] = None,
    call: Annotated[
        bool, typer.Option("--call", help="Call the endpoint to check its answer and latency.")
    ] = False,
    token: BearerToken = None,
    function_wait_ms: Annotated[
        int | None,
        typer.Option(
            help="The EntraWaitMs of the function, in milliseconds.",
            envvar="ENTRA_WAIT_MS",
            show_default="from the stack, if one is named",
        ),
    ] = None,
    client_id: OperatorApp = None,
    login: LoginOption = Login.CLIENT_CREDENTIALS,
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="Omit the findings whose id begins with this text. Repeatable."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 1 for warnings too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Check every object that the tenant needs, and show which claims reach which tokens.

    Exit code 1 when a check failed.
    """
    if answer is not None and call:
        message = "--answer and --call are mutually exclusive"
        raise OperatorError(message)
    if config is None and (snapshot is None or Path(DEFAULT_CONFIG).exists()):
        config = DEFAULT_CONFIG
    if config is None and stack is not None:
        message = f"--stack {stack} requires {DEFAULT_CONFIG} for the tenant and the applications"
        raise OperatorError(message)
    settings = None if config is None else with_stack(read_config(input_file(config), stack))
    if snapshot is not None:
        tenant = read_tenant_file(snapshot, settings)
    else:
        assert settings is not None, "read above"  # noqa: S101
        tenant = read_now(settings, client_id, login)
    known: dict[str, Any] = {"function_wait_ms": function_wait_ms or _stack_wait_ms(settings)}
    if answer is not None:
        saved = read_saved_answer(read_input(input_file(answer), SAVED_BYTES_MAX))
        known["answer"] = judge(saved.answer)
    case = case_of(tenant, settings, target_url, extension, **known)
    if call and case.extension is not None:
        case = _called(case, token)
    ignored = known_prefixes(ignore or ())
    found = [
        one for one in diagnose(case, TENANT_CHECKS) if not one.id.startswith(ignored or ("-",))
    ]
    if as_json:
        document = report_document(case, found)
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        for line in report_lines(headline(found), found):
            stdout().print(line)
        for one in claim_paths(case):
            stdout().print(Text(escaped(f"  {one.sentence()}"), style="red" if one.reason else ""))
    raise typer.Exit(exit_code(found, strict=strict))


def _stack_wait_ms(settings: Config | None) -> int | None:
    if settings is None or settings.endpoint.stack is None:
        return None
    from claimsctl.tenant.stack import function_wait_ms  # noqa: PLC0415  # loads boto3

    return function_wait_ms(settings.endpoint.stack)


def _called(case: Case, token: str | None) -> Case:
    # Imported here because most checks of a snapshot make no call.
    from dataclasses import replace  # noqa: PLC0415

    from claimsctl.entra.client import make_callout  # noqa: PLC0415
    from claimsctl.tenant.config import WAIT_MS_MAX  # noqa: PLC0415

    assert case.extension is not None, "checked by the caller"  # noqa: S101
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    body = scenario_callout("member", case.tenant.tenant_id)
    made = make_callout(case.extension.target_url, body, headers, WAIT_MS_MAX)
    return replace(case, answer=made.verdict, latency_ms=made.last.elapsed_ms)


def report_document(case: Case, found: Sequence[Finding]) -> dict[str, Any]:
    """Return the report as a JSON object."""
    return {
        "tenant_id": case.tenant.tenant_id,
        "taken_at": case.tenant.taken_at,
        "headline": headline(found),
        "findings": [one.document() for one in found],
        "claims": [
            {
                "app_id": one.app_id,
                "token": one.token.value,
                "claim": one.claim,
                "token_name": one.token_name,
                "arrives": not one.reason,
                "reason": one.reason,
            }
            for one in claim_paths(case)
        ],
    }


def report_lines(head: str, found: Sequence[Finding]) -> Iterator[Any]:
    """Yield the lines of a report: the verdict, then the findings, with details for problems."""
    levels = [one.level for one in found]
    worst = next((one for one in (Level.FAIL, Level.WARN) if one in levels), Level.OK)
    yield Text(escaped(head), style=f"bold {_STYLES[worst]}")
    yield Text("")
    for one in found:
        if one.level in {Level.FAIL, Level.WARN}:
            yield finding_view(one)
        else:
            line = Text(f"{one.level.value:4}  ", style=_STYLES[one.level])
            line.append(f"{one.id}  {escaped(one.title)}", style="default")
            yield line.append(f"  {escaped(one.evidence)}", style="dim")
    yield Text("")


def exit_code(found: Sequence[Finding], *, strict: bool) -> ExitCode:
    """Return exit code 1 when a check failed; with `strict`, for warnings too."""
    bad = {Level.FAIL, Level.WARN} if strict else {Level.FAIL}
    return ExitCode.NOT_FINE if any(one.level in bad for one in found) else ExitCode.FINE
