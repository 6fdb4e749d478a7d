"""The command tree; what commands do is elsewhere."""

import json
import sys
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from claims_provider.settings import CallerVerification

from claimsctl import report
from claimsctl.dataset.file import read_claims_file
from claimsctl.dataset.table import write_records
from claimsctl.entra.finding import Answer
from claimsctl.entra.judge import judge
from claimsctl.entra.scenarios import TENANT_ID
from claimsctl.entra.signing_key import SigningKey
from claimsctl.entra.token import mint
from claimsctl.entra.token_claims import SAMPLE_AUDIENCES, TenantKind, TokenProfile, TokenVersion
from claimsctl.entra.wrong_token import WrongToken, forge
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.local.chosen_table import chosen_table
from claimsctl.local.demo import run_demo
from claimsctl.local.function import (
    callout_in,
    is_envelope,
    local_function,
    played_event,
    read_json,
    tenant_of,
)
from claimsctl.local.greeting import greeting
from claimsctl.local.issuer import Issuer
from claimsctl.local.key_file import kept_key, key_path
from claimsctl.local.server import HOST, bind, serve_forever
from claimsctl.local.table import TableLocation
from claimsctl.options import (
    ClaimsFile,
    EndpointUrl,
    Kind,
    TableName,
    Tenant,
    Verification,
    Version,
    input_file,
)
from claimsctl.standard_output import standard_output

DISTRIBUTION = "entra-claims-provider"

app = typer.Typer(
    help="Claims for Microsoft Entra's tokens: load them, serve them, see what Entra sees.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain: no frames that cut messages up, and NO_COLOR holds
    pretty_exceptions_enable=False,
)
claims_app = typer.Typer(help="The claims in the table.", no_args_is_help=True)
app.add_typer(claims_app, name="claims")


def _print_version(asked: bool) -> None:  # noqa: FBT001  # a callback of typer's
    if asked:
        sys.stdout.write(f"claimsctl {version(DISTRIBUTION)}\n")
        raise typer.Exit


@app.callback()
def _top(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None: ...


@app.command()
def demo() -> None:
    """The main job on the embedded default: load claims, serve, call, judge."""
    _exit(run_demo(report.out(), report.json_view, report.answer_view, report.verdict_view))


@app.command()
def invoke(
    event: Annotated[
        Path,
        typer.Argument(
            parser=input_file, metavar="EVENT", help="Callout body or gateway event; - for stdin."
        ),
    ],
    claims: ClaimsFile = None,
    tenant: Tenant = None,
    endpoint_url: EndpointUrl = None,
    table: TableName = None,
    caller_verification: Verification = CallerVerification.GATEWAY,
    as_json: Annotated[bool, typer.Option("--json", help="The function's answer as JSON.")] = False,
) -> None:
    """Run the function in this process on one event.

    A bare callout body arrives as through the HTTP API, with Entra's token for the tenant that the
    body names. Exit code 1 when Entra would not accept the answer. The function's log goes to
    stderr.
    """
    raw = _read(event)
    document = read_json(raw)
    tenant_id = tenant or tenant_of(callout_in(document))
    overrides = {"CALLER_VERIFICATION": caller_verification.value}
    if not is_envelope(document):  # the token is played: another's issuer is none of its
        overrides |= {
            "TOKEN_ISSUER": TokenProfile(tenant_id).issuer,
            "TOKEN_AUDIENCES": ",".join(SAMPLE_AUDIENCES),
        }
    fetch_keys = token = None
    if caller_verification is CallerVerification.FUNCTION:
        key = SigningKey.generate()
        fetch_keys = Issuer(tenant_id, TenantKind.EXTERNAL, lambda: key).fetch_keys
        token = mint(TokenProfile(tenant_id).claims(int(time.time())), key)
    with (
        chosen_table(endpoint_url, table, claims, tenant) as location,
        local_function(location, tenant_id, overrides, fetch_keys=fetch_keys) as function,
    ):
        response = function.invoke(
            document if is_envelope(document) else played_event(raw, tenant_id, token)
        )
    answer = Answer(
        response["statusCode"], tuple(response["headers"].items()), response["body"].encode()
    )
    verdict = judge(answer)
    if as_json:
        shown: dict[str, Any] = {
            "statusCode": response["statusCode"],
            "headers": response["headers"],
            "body": json.loads(response["body"]),
        }
        sys.stdout.write(json.dumps(shown, indent=2) + "\n")
    else:
        console = report.out()
        console.print(report.answer_view(answer))
        console.print(report.verdict_view(verdict))
    _exit(ExitCode.FINE if verdict.accepted else ExitCode.NOT_FINE)


@app.command()
def serve(
    port: Annotated[
        int, typer.Option(help="Port on 127.0.0.1.", envvar="PORT", min=1, max=65535)
    ] = 8787,
    claims: ClaimsFile = None,
    tenant: Tenant = TENANT_ID,
    tenant_kind: Kind = TenantKind.EXTERNAL,
    token_version: Version = TokenVersion.V2,
    endpoint_url: EndpointUrl = None,
    table: TableName = None,
    caller_verification: Verification = CallerVerification.GATEWAY,
) -> None:
    """Serve the local HTTP API in front of the function, over the embedded table.

    A model of the gateway's JWT authorizer checks each caller's token, such as claimsctl token
    makes for the same tenant, kind and version; or the function does it itself, for any kind and
    version of the tenant's. Loopback only.
    """
    profile = TokenProfile(tenant or TENANT_ID, tenant_kind, token_version)
    key = partial(kept_key, key_path())
    verifies_itself = caller_verification is CallerVerification.FUNCTION
    overrides = {
        "CALLER_VERIFICATION": caller_verification.value,
        "TOKEN_ISSUER": "" if verifies_itself else profile.issuer,  # then all of the tenant's
        "TOKEN_AUDIENCES": ",".join(SAMPLE_AUDIENCES),
    }
    key()  # what is wrong with it is told at the start, not to the first caller
    issuer = Issuer(profile.tenant_id, profile.kind, key)
    with (
        bind(port) as listener,
        chosen_table(endpoint_url, table, claims, tenant) as location,
        local_function(
            location, profile.tenant_id, overrides, fetch_keys=issuer.fetch_keys
        ) as function,
    ):
        for line in greeting(f"http://{HOST}:{port}", profile, issuer):
            report.err().print(line, markup=False)
        if caller_verification is CallerVerification.NONE:
            report.err().print(
                "No token is checked here: every caller is taken for Entra.", style="yellow"
            )
        serve_forever(function, issuer, listener)


@app.command()
def token(
    tenant: Tenant = TENANT_ID,
    tenant_kind: Kind = TenantKind.EXTERNAL,
    token_version: Version = TokenVersion.V2,
    audience: Annotated[
        str | None,
        typer.Option(help="Another audience than the samples' app.", show_default=False),
    ] = None,
    wrong: Annotated[
        WrongToken | None, typer.Option(help="What to do wrong.", show_default=False)
    ] = None,
) -> None:
    """Print a token as Entra would send it, or one that must be refused."""
    profile = TokenProfile(tenant or TENANT_ID, tenant_kind, token_version)
    claims = profile.claims(int(time.time())) | ({"aud": audience} if audience else {})
    key = kept_key(key_path())
    sys.stdout.write((mint(claims, key) if wrong is None else forge(wrong, claims, key)) + "\n")


@claims_app.command("load")
def load(
    file: Annotated[
        Path,
        typer.Argument(parser=input_file, metavar="FILE", help="CSV or JSON lines; - for stdin."),
    ],
    table: Annotated[str, typer.Option("--table", help="Table name.", envvar="TABLE_NAME")],
    tenant: Tenant = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Check a whole file of claims, then put its rows into a table in place of those there."""
    records = read_claims_file(file, tenant)
    by_address = sum("@" in (record.user or "") for record in records)
    location = TableLocation(table, endpoint_url)
    written = write_records(location.client(), table, records)
    report.err().print(f"{written} of {len(records)} rows written to {table}", markup=False)
    if by_address:
        keyed = "1 row is" if by_address == 1 else f"{by_address} rows are"
        note = "such rows count only where USER_KEYS lists mail or userPrincipalName"
        report.err().print(f"{keyed} keyed by address: {note}", markup=False)


def _read(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise OperatorError(message) from None


def _exit(code: ExitCode) -> NoReturn:
    raise typer.Exit(code)


def main() -> None:
    """Entry point: errors as messages, exit codes as documented."""
    try:
        with standard_output():
            app(prog_name="claimsctl")
    except OperatorError as error:
        console = report.err()
        console.print(report.escaped(f"claimsctl: {error}"), style="red", markup=False)
        for line in error.lines:
            console.print(report.escaped(line), markup=False)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
