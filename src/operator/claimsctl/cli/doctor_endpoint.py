"""``claimsctl doctor endpoint``."""

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from claimsctl import private_files
from claimsctl.cli.console import stderr, stdout
from claimsctl.cli.endpoint_options import (
    Authority,
    BearerToken,
    ClientCredentials,
    ClientId,
    IdentifierUri,
    InsecureHttp,
    Retries,
    TokenFrom,
    TokenSource,
    TokenVersionOption,
    chosen_bearer,
)
from claimsctl.cli.login_options import TenantKindOption
from claimsctl.cli.options import Tenant, WaitMs, callout_url
from claimsctl.doctor.checks import ENDPOINT_CHECKS
from claimsctl.doctor.formats import html as html_format
from claimsctl.doctor.formats import json as json_format
from claimsctl.doctor.formats import junit, markdown
from claimsctl.doctor.runner import (
    Report,
    advice,
    calls_max,
    counts,
    headline,
    known_prefixes,
    run_checks,
    selected_checks,
)
from claimsctl.doctor.target import Expectations, Target
from claimsctl.entra.key_file import kept_key, key_path
from claimsctl.entra.token_claims import TENANT_ID, TenantKind, TokenProfile, TokenVersion
from claimsctl.entra.tokens import unverified_claims
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.judge.finding import Finding, Level
from claimsctl.text import escaped


def doctor_endpoint(
    url: Annotated[str, typer.Argument(callback=callout_url, help="The target URL.")],
    tenant: Tenant = None,
    tenant_kind: TenantKindOption = TenantKind.EXTERNAL,
    token_version: TokenVersionOption = TokenVersion.V2,
    token: BearerToken = None,
    token_from: TokenFrom = None,
    client_id: ClientId = None,
    identifier_uri: IdentifierUri = None,
    authority: Authority = None,
    insecure_http: InsecureHttp = False,
    timeout_ms: WaitMs = 1000,
    retries: Retries = 0,
    allow_anonymous: Annotated[
        bool,
        typer.Option(
            "--allow-anonymous",
            help="Report an endpoint that answers callers without a token as a warning, not as a"
            " failure.",
        ),
    ] = False,
    select: Annotated[
        list[str] | None,
        typer.Option(
            help="Run only checks whose ids begin with this prefix, such as TLS, and the checks"
            " that they need. Repeatable."
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            help="Do not report findings whose ids begin with this prefix; they do not affect the"
            " exit code. Repeatable."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 1 for warnings too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the report as Markdown.")
    ] = False,
    as_junit: Annotated[
        bool,
        typer.Option("--junit", help="Print the report as JUnit XML, for CI pipelines."),
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="Also write the report to this file as a self-contained HTML page.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Check an endpoint from the outside, as Entra would call it.

    The endpoint can be any implementation of the callout, the request that Entra sends to the
    endpoint before it issues a token. The checks send up to about 50 requests, some of them
    malformed or with invalid tokens; they can set off alarms of the endpoint. Exit code 1 when a
    check failed.
    """
    if as_json + as_markdown + as_junit > 1:
        message = "--json, --markdown and --junit are mutually exclusive"
        raise OperatorError(message)
    profile = TokenProfile(tenant or TENANT_ID, tenant_kind, token_version)
    bearer = chosen_bearer(
        url,
        token,
        token_from,
        profile,
        ClientCredentials(client_id, identifier_uri, authority),
        insecure_http=insecure_http,
    )
    issuer_key = kept_key(key_path()) if token_from is TokenSource.LOCAL else None
    target = Target(
        url,
        Expectations(
            wait_ms=timeout_ms,
            retries=retries,
            bearer=bearer,
            invalid_token_key=issuer_key,
            tenant_id=tenant or _tenant_of(bearer),
            allow_anonymous=allow_anonymous,
        ),
    )
    checks = selected_checks(ENDPOINT_CHECKS, select or ())
    ignored = known_prefixes(ignore or ())
    console = stderr()
    announced = f"Makes at most {calls_max(checks)} calls to {escaped(target.shown_url)}"
    console.print(announced, style="dim", markup=False)
    began_at = datetime.now(UTC)
    with console.status("") as status:  # shown on a terminal only
        report = run_checks(
            target,
            checks,
            ignore=ignored,
            progress=lambda check: status.update(f"{check.ids[0]} …"),
        )
    if html is not None:
        _write(html, html_format.render(report, timeout_ms, began_at))
    if as_json:
        sys.stdout.write(json.dumps(json_format.document(report), indent=2) + "\n")
    elif as_markdown:
        sys.stdout.write(markdown.render(report))
    elif as_junit:
        sys.stdout.write(junit.render(report, strict=strict))
    else:
        stdout().print(report_view(report))
    raise typer.Exit(_exit_code(report, strict=strict))


def _tenant_of(bearer: str | None) -> str | None:
    """Return the token's tenant, for which Entra would send callouts with this token."""
    claims = unverified_claims(bearer) if bearer is not None else None
    tenant_id = None if claims is None else claims.get("tid")
    return tenant_id if isinstance(tenant_id, str) else None


def _write(path: Path, text: str) -> None:
    try:
        private_files.replace(path, text.encode())
    except OSError as error:
        message = f"--html {path}: cannot be written: {error.strerror}"
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE) from None


def _exit_code(report: Report, *, strict: bool) -> ExitCode:
    bad = {Level.FAIL, Level.WARN} if strict else {Level.FAIL}
    return ExitCode.NOT_FINE if report.worst() in bad else ExitCode.FINE


_STYLES = {Level.OK: "green", Level.SKIP: "dim", Level.WARN: "yellow", Level.FAIL: "red"}
_FULL = {Level.WARN, Level.FAIL}


def report_view(report: Report) -> RenderableType:
    """Show the report: the headline, the next step, the findings and the counts."""
    style = f"bold {_STYLES[report.worst()]}"
    lines = [Text(escaped(headline(report)), style=style)]
    if next_step := advice(report):
        lines.append(Text(f"→ {escaped(next_step)}"))
    lines.append(Text(""))
    lines += _all_lines(report.findings)
    calls = len(report.calls)
    lines += [Text(""), Text(f"{counts(report)}; {calls} calls made", style="dim")]
    return Group(*lines)


def _all_lines(findings: Sequence[Finding]) -> Iterator[Text]:
    """Yield the findings' lines; checks skipped for the same reason share one line."""
    shown: set[str] = set()
    for reason, group in groupby(findings, _reason):
        alike = list(group)
        if reason is not None and len(alike) > 1:
            line = _line(alike[0].level, f"{alike[0].id} to {alike[-1].id}")
            yield line.append(f"  {escaped(alike[0].evidence)}", style="dim")
            continue
        for finding in alike:
            yield from _lines(finding, in_full=finding.level in _FULL and finding.hint not in shown)
            shown.add(finding.hint)


def _reason(finding: Finding) -> str | None:
    return finding.evidence if finding.level is Level.SKIP else None


def _line(level: Level, text: str) -> Text:
    return Text(f"{level.value:4}  ", style=_STYLES[level]).append(text, style="default")


def _lines(finding: Finding, *, in_full: bool) -> Iterator[Text]:
    line = _line(finding.level, f"{finding.id:8} {escaped(finding.title)}")
    yield line.append(f"  {escaped(finding.evidence)}", style="dim")
    if in_full:
        for name, value in (("expected", finding.expected), ("do", finding.hint)):
            if value:
                yield Text(f"      {name:9}{escaped(value)}")
