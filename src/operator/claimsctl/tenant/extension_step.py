"""The step of the extension. It sets the wait and the retries, whose defaults are shorter."""

from collections.abc import Iterable
from typing import Any, Final

from claimsctl.errors import OperatorError
from claimsctl.tenant import chain
from claimsctl.tenant.chain import Request
from claimsctl.tenant.lookup import Lookup
from claimsctl.tenant.snapshot import Extension, Snapshot
from claimsctl.tenant.step import Requests, Step, target

EXTENSION_TYPE: Final = "#microsoft.graph.onTokenIssuanceStartCustomExtension"
EXTENSIONS: Final = "/identity/customAuthenticationExtensions"


def extension(at: Lookup) -> Step:
    """Return the step that creates the extension, or changes what differs."""
    callout = at.config.callout

    def wanted(tenant: Snapshot | None) -> Requests:
        found = at.extension(tenant)
        if found is None:
            body = {
                "@odata.type": EXTENSION_TYPE,
                "displayName": at.name,
                **target(at.config.target_url, at.uri(tenant)),
                "clientConfiguration": _client(at),
                "claimsForTokenConfiguration": _listed(at.schema.claims),
            }
            return (Request("POST", EXTENSIONS, body),)
        changed = _changed(at, found, at.uri(tenant))
        body = {"@odata.type": EXTENSION_TYPE, **changed}
        return (Request("PATCH", f"{EXTENSIONS}/{found.id}", body),) if changed else ()

    def undo(tenant: Snapshot | None) -> Requests:
        found = at.extension(tenant)
        path = f"{EXTENSIONS}/{found.id if found else '{extension.id}'}"
        return (Request("DELETE", path),) if found or tenant is None else ()

    title = f"Extension {at.name}: {callout.wait_ms} ms, maximumRetries {callout.retries}"
    return Step(
        "extension",
        chain.EXTENSION,
        title,
        wanted,
        undo,
        refusal=lambda tenant: _another_endpoints(at, tenant) or _without_uri(at, tenant),
        unique=False,
    )


def _client(at: Lookup) -> dict[str, int]:
    callout = at.config.callout
    return {"timeoutInMilliseconds": callout.wait_ms, "maximumRetries": callout.retries}


def _listed(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"claimIdInApiResponse": name} for name in names]


def _changed(at: Lookup, found: Extension, uri: str) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if (found.target_url, found.resource_id) != (at.config.target_url, uri):
        changed |= target(at.config.target_url, uri)
    callout, client = at.config.callout, found.client_configuration
    held = client and (client.timeout_in_milliseconds, client.maximum_retries)
    if held != (callout.wait_ms, callout.retries):
        changed["clientConfiguration"] = _client(at)
    if set(at.schema.claims) - set(found.claim_ids):
        # Names that others added are kept, except other spellings of those in claims.toml.
        spelled = {name.lower() for name in at.schema.claims}
        kept = [name for name in found.claim_ids if name.lower() not in spelled]
        changed["claimsForTokenConfiguration"] = _listed([*kept, *at.schema.claims])
    return changed


def _another_endpoints(at: Lookup, tenant: Snapshot) -> OperatorError | None:
    for one in tenant.extensions:
        if one.display_name == at.name and at.is_for_another(one, tenant):
            message = (
                f"extension {at.name} ({one.id}) is for another application, {one.app_id}: set"
                " another name in [endpoint]"
            )
            return OperatorError(message)
    return None


def _without_uri(at: Lookup, tenant: Snapshot) -> OperatorError | None:
    app = at.api_application(tenant)
    if app is None or not app.identifier_uris or at.uri(tenant) in app.identifier_uris:
        return None
    found = at.extension(tenant)
    cure = (
        f"claimsctl entra apply --move {at.config.target_url} moves the endpoint so that target URL"
        f" and resourceId always agree; or correct target_url: the extension has {found.target_url}"
        if found
        else "add it (App registrations > Expose an API), and run the command again"
    )
    message = (
        f"application {app.app_id} lacks the identifier URI {at.uri(tenant)}, and is in use with"
        f" {', '.join(app.identifier_uris)}. If an extension names a URI that its application"
        f" lacks, every sign-in fails (1003014); {cure}"
    )
    return OperatorError(message)
