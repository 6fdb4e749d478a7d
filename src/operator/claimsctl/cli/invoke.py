"""``claimsctl invoke``."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from claims_provider.settings import CallerVerification

from claimsctl.cli.console import stdout
from claimsctl.cli.local_options import ClaimsFile, Verification, require_local
from claimsctl.cli.options import LocalEndpointUrl, TableName, Tenant, input_file, read_input
from claimsctl.cli.views import answer_view, verdict_view
from claimsctl.emulator.dynamodb import chosen_table
from claimsctl.emulator.events import callout_in, is_envelope, played_event, read_json, tenant_of
from claimsctl.emulator.function import local_function
from claimsctl.emulator.issuer import Issuer
from claimsctl.entra.token_claims import SAMPLE_AUDIENCES, TenantKind, TokenProfile
from claimsctl.entra.tokens import SigningKey, mint
from claimsctl.errors import ExitCode
from claimsctl.judge.attempt import Answer
from claimsctl.judge.judge import judge


def invoke(
    event: Annotated[
        Path,
        typer.Argument(
            parser=input_file,
            metavar="EVENT",
            help="A file with a callout body or a gateway event, or - for standard input.",
        ),
    ],
    claims: ClaimsFile = None,
    tenant: Tenant = None,
    endpoint_url: LocalEndpointUrl = None,
    table: TableName = None,
    caller_verification: Verification = CallerVerification.GATEWAY,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the function's answer as JSON.")
    ] = False,
) -> None:
    """Run the Lambda function in this process with one event.

    A callout body is wrapped in an HTTP API event, with a token as Entra issues it for the tenant
    in the body. The function's log is written to standard error. Exit code 1 when Entra would not
    accept the answer.
    """
    require_local()
    raw = read_input(event)
    document = read_json(raw)
    tenant_id = tenant or tenant_of(callout_in(document))
    overrides = {"CALLER_VERIFICATION": caller_verification.value}
    if not is_envelope(document):  # the token is simulated, so its issuer must be configured
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
        console = stdout()
        console.print(answer_view(answer))
        console.print(verdict_view(verdict, answer.body))
    raise typer.Exit(ExitCode.FINE if verdict.accepted else ExitCode.NOT_FINE)
