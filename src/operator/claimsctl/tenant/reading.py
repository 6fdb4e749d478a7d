"""Read a tenant's objects of the chain from Microsoft Graph, without any change."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from claimsctl.tenant import chain
from claimsctl.tenant.config import Config
from claimsctl.tenant.graph import Graph, GraphError
from claimsctl.tenant.snapshot import Snapshot

READ_PERMISSIONS: Final = (
    "Application.Read.All",
    "Policy.Read.All",
    "CustomAuthenticationExtension.Read.All",
    "EventListener.Read.All",
)
_LISTENER: Final = "#microsoft.graph.onTokenIssuanceStartListener"
_EXTENSION: Final = "#microsoft.graph.onTokenIssuanceStartCustomExtension"
_REFUSED: Final = {400, 401, 403, 404}
_PROVIDER: Final = "CustomClaimsProvider"


def read_configured(graph: Graph, config: Config) -> Snapshot:
    """Read the objects of the chain for `config`."""
    app_ids = [one.app_id for one in config.audiences]
    own = [config.endpoint.app_id] if config.endpoint.app_id else []
    return read_tenant(graph, config.tenant.id, [*app_ids, *own], config.endpoint.name)


def read_tenant(
    graph: Graph, tenant_id: str, app_ids: Iterable[str], unique_name: str | None = None
) -> Snapshot:
    """Read all extensions, listeners and policies, and the applications that they name.

    `app_ids` and `unique_name` name further applications. Raises `GraphError` when one of these
    collections cannot be read; `not_read` lists the other unreadable parts.
    """
    not_read: dict[str, str] = {}

    def optional(name: str, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except GraphError as error:
            if error.status not in _REFUSED:
                raise
            not_read[name] = str(error)
            return None

    extensions = [
        one
        for one in graph.list("/identity/customAuthenticationExtensions")
        if one.get("@odata.type", _EXTENSION) == _EXTENSION
    ]
    listeners = [
        one
        for one in graph.list("/identity/authenticationEventListeners")
        if one.get("@odata.type", _LISTENER) == _LISTENER
    ]
    policies = list(graph.list("/policies/claimsMappingPolicies"))
    flows = optional("user_flows", lambda: list(graph.list("/identity/authenticationEventsFlows")))
    domains = optional(
        "verified_domains", lambda: list(graph.list("/organization?$select=verifiedDomains"))
    )
    applications = []
    if unique_name:
        path = f"/applications(uniqueName='{quote(unique_name)}')"
        applications += [one for one in [graph.find(path)] if one is not None]
    named = {chain.GRAPH_APP_ID, chain.CALLER_APP_ID, *app_ids}
    named |= {str(one.get("appId")) for one in applications}
    named |= {_app_of(one) for one in extensions} - {""}
    named |= {app_id for one in listeners for app_id in _included(one)}
    known = {str(one.get("appId")) for one in applications}
    microsoft = {chain.GRAPH_APP_ID, chain.CALLER_APP_ID}
    for app_id in sorted(named - known - microsoft):
        found = graph.find(f"/applications(appId='{quote(app_id)}')")
        applications += [found] if found else []
    principals = []
    for app_id in sorted(named):
        path = f"/servicePrincipals(appId='{quote(app_id)}')"
        if (principal := graph.find(path)) is None:
            continue
        if app_id not in microsoft:
            assigned = graph.list(f"{path}/claimsMappingPolicies")
            principal["claimsMappingPolicies"] = [str(one.get("id")) for one in assigned]
            principal["appRoleAssignments"] = list(graph.list(f"{path}/appRoleAssignments"))
            claims = optional("claimsPolicy", partial(_portal_claims, graph, path))
            if claims is not None:
                principal["hasPortalClaims"], principal["portalClaims"] = claims
        principals.append(principal)
    return Snapshot.model_validate(
        {
            "tenantId": tenant_id,
            "takenAt": datetime.now(UTC).isoformat(timespec="seconds"),
            "verifiedDomains": domains
            and [one["name"] for held in domains for one in held.get("verifiedDomains", ())],
            "applications": applications,
            "servicePrincipals": principals,
            "extensions": extensions,
            "listeners": listeners,
            "policies": policies,
            "userFlows": flows,
            "notRead": not_read,
        }
    )


def _portal_claims(graph: Graph, path: str) -> tuple[bool, list[str]]:
    """Return whether the portal emits claims for an app, and the provider's ids (Graph beta)."""
    policy = graph.find(f"{path}/claimsPolicy", "beta") or {}
    claims = policy.get("claims") or []
    ids = [
        str(attribute.get("id"))
        for claim in claims
        for one in claim.get("configurations") or []
        if (attribute := one.get("attribute") or {}).get("source") == _PROVIDER
    ]
    return bool(claims), ids


def _app_of(extension: dict[str, Any]) -> str:
    resource = (extension.get("authenticationConfiguration") or {}).get("resourceId") or ""
    return str(resource).rpartition("/")[2] if str(resource).startswith("api://") else ""


def _included(listener: dict[str, Any]) -> list[str]:
    applications = (listener.get("conditions") or {}).get("applications") or {}
    included = applications.get("includeApplications") or []
    return [str(one.get("appId")) for one in included]
