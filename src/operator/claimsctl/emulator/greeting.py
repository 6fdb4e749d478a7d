"""What `claimsctl serve` says at its start: what is where, and a command to try it with."""

import shlex

from claimsctl.claims_table.location import EMBEDDED_ENDPOINT, EMBEDDED_TABLE, TableLocation
from claimsctl.emulator.events import CALLOUT_PATH
from claimsctl.emulator.issuer import Issuer
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.resources import bundled


def greeting(
    base_url: str, profile: TokenProfile, issuer: Issuer, table: TableLocation
) -> tuple[str, ...]:
    """Lines for people; the command is one that any POSIX shell takes."""
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
        f"Serving {url} for tenant {profile.tenant_id}; Ctrl-C ends it.",
        f"Tokens of {profile.issuer}, published at {discovery}",
        f"Try: {shown}",
        f"Its claims: claimsctl claims show|diff|load|export|delete{_table_options(table)}",
    )


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
