"""``claimsctl serve``."""

import shlex
import time
from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer
from claims_provider.contract.identifiers import AUTHENTICATION_EVENTS_APP_ID
from claims_provider.settings import CallerVerification

from claimsctl.claims_table.location import EMBEDDED_ENDPOINT, EMBEDDED_TABLE, TableLocation
from claimsctl.cli.console import stderr
from claimsctl.cli.endpoint_options import TokenVersionOption
from claimsctl.cli.local_options import ClaimsFile, Verification, require_local
from claimsctl.cli.login_options import TenantKindOption
from claimsctl.cli.options import AllowedHosts, LocalEndpointUrl, TableName, Tenant, url_or_none
from claimsctl.emulator.dynamodb import chosen_table
from claimsctl.emulator.events import CALLOUT_PATH
from claimsctl.emulator.function import local_function
from claimsctl.emulator.issuer import NO_CALLER, Issuer, ThirdPartyIssuer
from claimsctl.emulator.issuer_keys import RETRY_SECONDS, is_url, keys_at
from claimsctl.emulator.loopback import HOST, bind
from claimsctl.emulator.server import build_app, for_servers_only, serve_forever
from claimsctl.entra.key_file import kept_key, key_path
from claimsctl.entra.token_claims import (
    SAMPLE_AUDIENCES,
    TENANT_ID,
    TenantKind,
    TokenProfile,
    TokenVersion,
)
from claimsctl.errors import OperatorError
from claimsctl.resources import bundled
from claimsctl.text import escaped


def greeting(
    base_url: str, profile: TokenProfile, issuer: Issuer, table: TableLocation
) -> tuple[str, ...]:
    """Return the start-up lines of a server that accepts tokens from `claimsctl token`.

    They contain a command for any POSIX shell.
    """
    url = base_url + CALLOUT_PATH
    discovery = base_url + issuer.discovery_path(profile.version)
    member = shlex.quote(str(bundled("events/callout/member.json")))
    curl = (
        f'curl -si {url} -H "authorization: Bearer $({token_command(profile)})"'
        f" -H 'content-type: application/json' --data-binary"
    )
    shown = f"{curl} @{member}"
    if profile.tenant_id != TENANT_ID:  # the server accepts callouts of its own tenant only
        shown = f"sed s/{TENANT_ID}/{profile.tenant_id}/g {member} | {curl} @-"
    return (
        _serving(url, profile.tenant_id),
        f"Accepts tokens issued by {profile.issuer}; metadata at {discovery}",
        f"Try: {shown}",
        _claims_line(table),
    )


def third_party_greeting(
    base_url: str, issuer: ThirdPartyIssuer, jwks: str, table: TableLocation
) -> tuple[str, ...]:
    """Return the start-up lines of a server that accepts tokens from a third party."""
    app_ids = [*sorted(issuer.callers - {NO_CALLER}), f"{AUTHENTICATION_EVENTS_APP_ID} (Entra's)"]
    callers = " or ".join([*app_ids, "absent"] if NO_CALLER in issuer.callers else app_ids)
    audiences = " or ".join(sorted(issuer.audiences))
    others = f"tid {issuer.tenant_id}; ver 2.0 (or ver 1.0, with appid instead of azp)"
    return (
        _serving(base_url + CALLOUT_PATH, issuer.tenant_id),
        f"Accepts tokens issued by {issuer.url}; keys from {jwks}",
        f"Required claims: aud {audiences}; azp {callers}; {others}",
        _claims_line(table),
    )


def _serving(url: str, tenant_id: str) -> str:
    return f"Serving {url} for tenant {tenant_id}. Press Ctrl-C to stop."


def _claims_line(table: TableLocation) -> str:
    return (
        "To manage its claims: claimsctl claims show|diff|load|export|delete"
        f"{_table_options(table)}"
    )


def _table_options(table: TableLocation) -> str:
    if (table.name, table.endpoint_url) == (EMBEDDED_TABLE, EMBEDDED_ENDPOINT):
        return ""  # the default of those commands
    options = {"--table": table.name, "--endpoint-url": table.endpoint_url}
    return "".join(f" {name} {shlex.quote(value)}" for name, value in options.items() if value)


def token_command(profile: TokenProfile) -> str:
    """Return the command that prints a token for `profile`."""
    usual = TokenProfile(TENANT_ID)
    options = {
        "--tenant": (profile.tenant_id, usual.tenant_id),
        "--tenant-kind": (profile.kind.value, usual.kind.value),
        "--token-version": (profile.version.value, usual.version.value),
    }
    words = [f"{name} {value}" for name, (value, default) in options.items() if value != default]
    return " ".join(["claimsctl token", *words])


def serve(
    port: Annotated[
        int,
        typer.Option(help="The port to listen on at 127.0.0.1.", envvar="PORT", min=1, max=65535),
    ] = 8787,
    claims: ClaimsFile = None,
    tenant: Tenant = TENANT_ID,
    tenant_kind: TenantKindOption = TenantKind.EXTERNAL,
    token_version: TokenVersionOption = TokenVersion.V2,
    endpoint_url: LocalEndpointUrl = None,
    table: TableName = None,
    caller_verification: Verification = CallerVerification.GATEWAY,
    issuer: Annotated[
        str | None,
        typer.Option(
            "--issuer",
            help="Accept tokens of this issuer (iss) instead of tokens from claimsctl token."
            " Requires --jwks.",
            envvar="SERVE_ISSUER",
            callback=url_or_none,
            metavar="URL",
            show_default=False,
        ),
    ] = None,
    jwks: Annotated[
        str | None,
        typer.Option(
            "--jwks",
            help="The JSON Web Key Set (JWKS) of --issuer.",
            envvar="SERVE_JWKS",
            metavar="URL|FILE",
            show_default=False,
        ),
    ] = None,
    audience: Annotated[
        list[str] | None,
        typer.Option(
            "--audience",
            help="With --issuer: an audience (aud) to accept. Repeatable.",
            envvar="SERVE_AUDIENCES",
            show_default="the audiences of the samples",
        ),
    ] = None,
    host: AllowedHosts = None,
    caller: Annotated[
        list[str] | None,
        typer.Option(
            "--caller",
            help="With --issuer: an app id (azp or appid) to accept in addition to Entra's, or"
            " 'none' to accept tokens without an app id. Repeatable.",
            envvar="SERVE_CALLERS",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Serve the endpoint and its table on this machine.

    By default, a model of the API gateway's JWT authorizer checks each caller's token. It accepts
    tokens from claimsctl token for the same tenant, tenant kind and token version. With
    --caller-verification function, the function itself checks the token, and accepts any kind and
    version of token for the tenant. With --issuer and --jwks, tokens of a third party are accepted
    instead, such as those of an Entra emulator.

    The server listens on 127.0.0.1 only. It rejects requests whose Host header is neither this
    machine nor a --host, and requests that a browser makes on behalf of a web page.
    """
    require_local()
    third_party = _third_party(
        issuer, jwks, tenant or TENANT_ID, audience, caller, caller_verification
    )
    profile = TokenProfile(tenant or TENANT_ID, tenant_kind, token_version)
    key = partial(kept_key, key_path())
    verifies_itself = caller_verification is CallerVerification.FUNCTION
    overrides = {
        "CALLER_VERIFICATION": caller_verification.value,
        "TOKEN_ISSUER": "" if verifies_itself else profile.issuer,  # empty: any of the tenant's
        "TOKEN_AUDIENCES": ",".join(SAMPLE_AUDIENCES),
    }
    local = Issuer(profile.tenant_id, profile.kind, key)
    if third_party is None:
        key()  # report an unusable key file at start-up rather than at the first call
    with (
        bind(port) as listener,
        chosen_table(endpoint_url, table, claims, tenant, port + 1) as location,
        local_function(
            location,
            profile.tenant_id,
            overrides,
            fetch_keys=local.fetch_keys,
            verifier=third_party.verifier(caller_verification) if third_party else None,
        ) as function,
    ):
        base_url = f"http://{HOST}:{port}"
        if third_party is None:
            lines = greeting(base_url, profile, local, location)
            app = build_app(function, local.authorizer(function.settings), local)
        else:
            lines = third_party_greeting(base_url, third_party, jwks or "", location)
            app = build_app(function, third_party.authorizer(caller_verification), None)
        for line in lines:
            stderr().print(escaped(line), markup=False)
        if caller_verification is CallerVerification.NONE:
            stderr().print(
                "Warning: tokens are not checked; every caller is treated as Entra.",
                style="yellow",
            )
        serve_forever(for_servers_only(app, frozenset(host or ())), listener)


def _third_party(
    issuer: str | None,
    jwks: str | None,
    tenant_id: str,
    audiences: Sequence[str] | None,
    callers: Sequence[str] | None,
    verification: CallerVerification,
) -> ThirdPartyIssuer | None:
    """Return the issuer that the options describe, or ``None`` without them.

    A key file that cannot be read is an error; a key set at a URL may become available later.
    """
    if issuer is None or jwks is None:
        given = {"--issuer": issuer, "--jwks": jwks, "--audience": audiences, "--caller": callers}
        found = [name for name, value in given.items() if value]
        if not found:
            return None
        missing = " and ".join(name for name in ("--issuer", "--jwks") if not given[name])
        message = f"{found[0]} requires {missing}"
        raise OperatorError(message)
    if verification is CallerVerification.NONE:
        message = "--issuer and --caller-verification none are mutually exclusive"
        raise OperatorError(message)
    keys = keys_at(jwks)
    try:
        keys.current(time.time())
    except OperatorError as error:
        if not is_url(jwks):
            raise
        again = f"retrying with each callout, at most once every {RETRY_SECONDS} s"
        stderr().print(escaped(f"{error}; {again}"), style="yellow", markup=False)
    return ThirdPartyIssuer(
        url=issuer,
        tenant_id=tenant_id,
        audiences=frozenset(audiences or SAMPLE_AUDIENCES),
        callers=frozenset(callers or ()),
        keys=keys,
    )
