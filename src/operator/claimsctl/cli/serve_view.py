"""What `claimsctl serve` says at its start: what is where, and a command to try it with."""

import shlex

from claims_provider.contract.identifiers import AUTHENTICATION_EVENTS_APP_ID

from claimsctl.claims_table.location import EMBEDDED_ENDPOINT, EMBEDDED_TABLE, TableLocation
from claimsctl.emulator.events import CALLOUT_PATH
from claimsctl.emulator.issuer import NO_CALLER, Issuer, ThirdPartyIssuer
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.resources import bundled


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
