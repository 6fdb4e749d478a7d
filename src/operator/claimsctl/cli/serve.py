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
from claimsctl.cli.options import AllowedHosts, EndpointUrl, TableName, Tenant, url_or_none
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
    """Lines for a server whose tokens come from `claimsctl token`.

    The command in them is one that any POSIX shell takes.
    """
    url = base_url + CALLOUT_PATH
    discovery = base_url + issuer.discovery_path(profile.version)
    member = shlex.quote(str(bundled("events/callout/member.json")))
    curl = (
        f'curl -si {url} -H "authorization: Bearer $({token_command(profile)})"'
        f" -H 'content-type: application/json' --data-binary"
    )
    shown = f"{curl} @{member}"
    if profile.tenant_id != TENANT_ID:  # a server answers its own tenant only
        shown = f"sed s/{TENANT_ID}/{profile.tenant_id}/g {member} | {curl} @-"
    return (
        _serving(url, profile.tenant_id),
        f"Tokens of {profile.issuer}, published at {discovery}",
        f"Try: {shown}",
        _claims_line(table),
    )


def third_party_greeting(
    base_url: str, issuer: ThirdPartyIssuer, jwks: str, table: TableLocation
) -> tuple[str, ...]:
    """Lines for a server whose tokens a third party signs: what such a token has to say."""
    app_ids = [*sorted(issuer.callers - {NO_CALLER}), f"{AUTHENTICATION_EVENTS_APP_ID} (Entra's)"]
    callers = " or ".join([*app_ids, "absent"] if NO_CALLER in issuer.callers else app_ids)
    audiences = " or ".join(sorted(issuer.audiences))
    others = f"tid {issuer.tenant_id}; ver 2.0 (1.0 with appid for azp)"
    return (
        _serving(base_url + CALLOUT_PATH, issuer.tenant_id),
        f"Tokens of {issuer.url}, keys from {jwks}",
        f"Accepted: aud {audiences}; azp {callers}; {others}",
        _claims_line(table),
    )


def _serving(url: str, tenant_id: str) -> str:
    return f"Serving {url} for tenant {tenant_id}; Ctrl-C ends it."


def _claims_line(table: TableLocation) -> str:
    return f"Its claims: claimsctl claims show|diff|load|export|delete{_table_options(table)}"


def _table_options(table: TableLocation) -> str:
    if (table.name, table.endpoint_url) == (EMBEDDED_TABLE, EMBEDDED_ENDPOINT):
        return ""  # what those commands take by themselves
    options = {"--table": table.name, "--endpoint-url": table.endpoint_url}
    return "".join(f" {name} {shlex.quote(value)}" for name, value in options.items() if value)


def token_command(profile: TokenProfile) -> str:
    """The command that prints a token of `profile`."""
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
        int, typer.Option(help="Port on 127.0.0.1.", envvar="PORT", min=1, max=65535)
    ] = 8787,
    claims: ClaimsFile = None,
    tenant: Tenant = TENANT_ID,
    tenant_kind: TenantKindOption = TenantKind.EXTERNAL,
    token_version: TokenVersionOption = TokenVersion.V2,
    endpoint_url: EndpointUrl = None,
    table: TableName = None,
    caller_verification: Verification = CallerVerification.GATEWAY,
    issuer: Annotated[
        str | None,
        typer.Option(
            "--issuer",
            help="Accept tokens of this issuer (iss) instead of claimsctl token's.",
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
            help="The issuer's JSON Web Key Set.",
            envvar="SERVE_JWKS",
            metavar="URL|FILE",
            show_default=False,
        ),
    ] = None,
    audience: Annotated[
        list[str] | None,
        typer.Option(
            "--audience",
            help="An audience (aud) of the issuer's tokens; may repeat. [default: the samples']",
            envvar="SERVE_AUDIENCES",
            show_default=False,
        ),
    ] = None,
    host: AllowedHosts = None,
    caller: Annotated[
        list[str] | None,
        typer.Option(
            "--caller",
            help="An app id (azp or appid) to accept in addition to Entra's, or none for tokens"
            " that name no app; may repeat.",
            envvar="SERVE_CALLERS",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Serve the local HTTP API in front of the function, over the embedded table.

    A model of the gateway's JWT authorizer checks each caller's token, such as claimsctl token
    makes for the same tenant, kind and version; or the function does it itself, for any kind and
    version of the tenant's. With --issuer and --jwks both check the tokens of a third party, such
    as an emulator of Entra. Loopback only; requests with another Host than this machine or a
    --host, or that a browser sends for a web page, are refused.
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
        "TOKEN_ISSUER": "" if verifies_itself else profile.issuer,  # then all of the tenant's
        "TOKEN_AUDIENCES": ",".join(SAMPLE_AUDIENCES),
    }
    local = Issuer(profile.tenant_id, profile.kind, key)
    if third_party is None:
        key()  # an unusable key file is reported at the start, not to the first caller
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
                "No token is checked here: every caller is taken for Entra.", style="yellow"
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
    """The issuer that the options name, ``None`` without any of them.

    Keys that cannot be read from a file are an error; a URL may be served later than this.
    """
    if issuer is None or jwks is None:
        given = {"--issuer": issuer, "--jwks": jwks, "--audience": audiences, "--caller": callers}
        found = [name for name, value in given.items() if value]
        if not found:
            return None
        missing = " and ".join(name for name in ("--issuer", "--jwks") if not given[name])
        message = f"{found[0]} is for a third party's tokens and needs {missing}"
        raise OperatorError(message)
    if verification is CallerVerification.NONE:
        message = "--issuer: --caller-verification none checks no token; leave out one of them"
        raise OperatorError(message)
    keys = keys_at(jwks)
    try:
        keys.current(time.time())
    except OperatorError as error:
        if not is_url(jwks):
            raise
        again = f"it is asked again for each callout, at most every {RETRY_SECONDS} s"
        stderr().print(escaped(f"{error}; {again}"), style="yellow", markup=False)
    return ThirdPartyIssuer(
        url=issuer,
        tenant_id=tenant_id,
        audiences=frozenset(audiences or SAMPLE_AUDIENCES),
        callers=frozenset(callers or ()),
        keys=keys,
    )
