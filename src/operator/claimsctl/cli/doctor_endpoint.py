"""``claimsctl doctor endpoint``."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from claimsctl.cli import doctor_view as terminal
from claimsctl.cli.bearer_options import (
    Authority,
    BearerFrom,
    BearerToken,
    ClientCredentials,
    ClientId,
    IdentifierUri,
    TokenSource,
    chosen_bearer,
)
from claimsctl.cli.console import stderr, stdout
from claimsctl.cli.options import Kind, Retries, Tenant, Version, WaitMs, callout_url
from claimsctl.doctor.checks import ENDPOINT_CHECKS
from claimsctl.doctor.formats import html as page
from claimsctl.doctor.formats import json as machine
from claimsctl.doctor.formats import junit, markdown
from claimsctl.doctor.runner import Diagnosis, calls_of, chosen_checks, examine, known_prefixes
from claimsctl.doctor.target import Expectations, Patient
from claimsctl.entra.key_file import kept_key, key_path
from claimsctl.entra.token_claims import TENANT_ID, TenantKind, TokenProfile, TokenVersion
from claimsctl.entra.tokens import unverified_claims
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.judge.finding import Level
from claimsctl.text import escaped


def doctor_endpoint(
    url: Annotated[str, typer.Argument(callback=callout_url, help="The target URL.")],
    tenant: Tenant = None,
    tenant_kind: Kind = TenantKind.EXTERNAL,
    token_version: Version = TokenVersion.V2,
    token: BearerToken = None,
    token_from: BearerFrom = None,
    client_id: ClientId = None,
    identifier_uri: IdentifierUri = None,
    authority: Authority = None,
    timeout_ms: WaitMs = 1000,
    retries: Retries = 0,
    allow_anonymous: Annotated[
        bool, typer.Option("--allow-anonymous", help="Only warn when anybody gets an answer.")
    ] = False,
    select: Annotated[
        list[str] | None,
        typer.Option(help="Only checks whose ids begin so, such as TLS; and what they stand on."),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(help="Leave out findings whose ids begin so.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 for warnings too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="The report as Markdown.")
    ] = False,
    as_junit: Annotated[
        bool, typer.Option("--junit", help="The report as JUnit's XML, for pipelines.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="Write the report as one page too, to look at or to mail.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Examine any endpoint from outside, and say what Entra would see.

    Exit code 1 when something failed.
    """
    if as_json + as_markdown + as_junit > 1:
        message = "--json, --markdown and --junit: one of them at most"
        raise OperatorError(message)
    profile = TokenProfile(tenant or TENANT_ID, tenant_kind, token_version)
    bearer = chosen_bearer(
        token, token_from, profile, ClientCredentials(client_id, identifier_uri, authority)
    )
    forger = kept_key(key_path()) if token_from is TokenSource.LOCAL else None
    patient = Patient(
        url,
        Expectations(
            wait_ms=timeout_ms,
            retries=retries,
            bearer=bearer,
            forger=forger,
            tenant_id=tenant or _tenant_of(bearer),
            allow_anonymous=allow_anonymous,
        ),
    )
    checks = chosen_checks(ENDPOINT_CHECKS, select or ())
    left_out = known_prefixes(ignore or ())
    console = stderr()
    announced = f"At most {calls_of(checks)} calls to {escaped(patient.shown_url)}"
    console.print(announced, style="dim", markup=False)
    began = datetime.now(UTC)
    with console.status("") as status:  # on a terminal only
        diagnosis = examine(
            patient,
            checks,
            ignore=left_out,
            progress=lambda check: status.update(f"{check.ids[0]} …"),
        )
    if html is not None:
        _write(html, page.render(diagnosis, timeout_ms, began))
    if as_json:
        sys.stdout.write(json.dumps(machine.document(diagnosis), indent=2) + "\n")
    elif as_markdown:
        sys.stdout.write(markdown.render(diagnosis))
    elif as_junit:
        sys.stdout.write(junit.render(diagnosis, strict=strict))
    else:
        stdout().print(terminal.view(diagnosis))
    raise typer.Exit(_exit_code(diagnosis, strict=strict))


def _tenant_of(bearer: str | None) -> str | None:
    """Callouts are of the tenant that the token is of, as Entra's are."""
    said = unverified_claims(bearer) if bearer is not None else None
    tenant_id = None if said is None else said.get("tid")
    return tenant_id if isinstance(tenant_id, str) else None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        message = f"--html {path}: cannot be written: {error.strerror}"
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE) from None


def _exit_code(diagnosis: Diagnosis, *, strict: bool) -> ExitCode:
    bad = {Level.FAIL, Level.WARN} if strict else {Level.FAIL}
    return ExitCode.NOT_FINE if diagnosis.worst() in bad else ExitCode.FINE
