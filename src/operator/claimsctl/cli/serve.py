"""``claimsctl serve``."""

from functools import partial
from typing import Annotated

import typer
from claims_provider.settings import CallerVerification

from claimsctl.cli.console import stderr
from claimsctl.cli.endpoint_options import TenantKindOption, TokenVersionOption
from claimsctl.cli.local_options import ClaimsFile, Verification, require_local
from claimsctl.cli.options import (
    EndpointUrl,
    TableName,
    Tenant,
)
from claimsctl.emulator.dynamodb import chosen_table
from claimsctl.emulator.function import local_function
from claimsctl.emulator.greeting import greeting
from claimsctl.emulator.issuer import Issuer
from claimsctl.emulator.server import HOST, bind, serve_forever
from claimsctl.entra.key_file import kept_key, key_path
from claimsctl.entra.token_claims import (
    SAMPLE_AUDIENCES,
    TENANT_ID,
    TenantKind,
    TokenProfile,
    TokenVersion,
)


def serve(
    port: Annotated[
        int, typer.Option(help="Port on 127.0.0.1.", envvar="PORT", min=1, max=65535)
    ] = 8787,
    claims: ClaimsFile = None,
    tenant: Tenant = TENANT_ID,
    tenant_kind: TenantKindOption = TenantKind.EXTERNAL,
    token_version: TokenVersionOption = TokenVersion.V2,
    endpoint_url: EndpointUrl = None,
    table: TableName = None,
    caller_verification: Verification = CallerVerification.GATEWAY,
) -> None:
    """Serve the local HTTP API in front of the function, over the embedded table.

    A model of the gateway's JWT authorizer checks each caller's token, such as claimsctl token
    makes for the same tenant, kind and version; or the function does it itself, for any kind and
    version of the tenant's. Loopback only.
    """
    require_local()
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
        chosen_table(endpoint_url, table, claims, tenant, port + 1) as location,
        local_function(
            location, profile.tenant_id, overrides, fetch_keys=issuer.fetch_keys
        ) as function,
    ):
        for line in greeting(f"http://{HOST}:{port}", profile, issuer, location):
            stderr().print(line, markup=False)
        if caller_verification is CallerVerification.NONE:
            stderr().print(
                "No token is checked here: every caller is taken for Entra.", style="yellow"
            )
        serve_forever(function, issuer, listener)
