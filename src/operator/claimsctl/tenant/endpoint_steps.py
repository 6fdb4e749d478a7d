"""The steps for the endpoint's application, Entra's service that calls, and the consent."""

from claimsctl.errors import OperatorError
from claimsctl.tenant import chain
from claimsctl.tenant.chain import Link, Request
from claimsctl.tenant.lookup import TOKEN_VERSION, Lookup
from claimsctl.tenant.snapshot import Snapshot
from claimsctl.tenant.step import Requests, Step, api_object


def api(at: Lookup) -> Step:
    """Return the step of the endpoint's app registration: a new one, or an existing one."""
    own = at.config.endpoint.app_id is None
    body = {
        "displayName": at.name,
        "signInAudience": "AzureADMyOrg",
        "api": {"requestedAccessTokenVersion": TOKEN_VERSION},
        "requiredResourceAccess": [
            {
                "resourceAppId": chain.GRAPH_APP_ID,
                "resourceAccess": [{"id": chain.RECEIVE_ROLE_ID, "type": "Role"}],
            }
        ],
    }

    def wanted(tenant: Snapshot | None) -> Requests:
        app = at.api_application(tenant)
        if app is None and own:
            prefer = {"Prefer": "create-if-missing"}
            return (Request("PATCH", at.api_path(), body, prefer),)
        if app is not None and app.token_version != TOKEN_VERSION and not app.identifier_uris:
            kept = api_object(app) | {"requestedAccessTokenVersion": TOKEN_VERSION}
            return (Request("PATCH", at.api_path(), {"api": kept}),)
        return ()

    def by_hand(tenant: Snapshot) -> str:
        app = at.api_application(tenant)
        if app is not None and app.token_version != TOKEN_VERSION and app.identifier_uris:
            return (
                f"api.requestedAccessTokenVersion of application {app.app_id} is 1, and it is in"
                " use: with 2, its tokens have another issuer, and its GUID as the audience. Let"
                " the endpoint accept v1 tokens, or set it to 2 once nothing validates v1 tokens."
            )
        return ""

    def refusal(tenant: Snapshot) -> OperatorError | None:
        if own or at.api_application(tenant) is not None:
            return None
        message = (
            f"no app registration {at.config.endpoint.app_id} in the tenant; correct app_id"
            " of [endpoint], or remove it to create one"
        )
        return OperatorError(message)

    def undo(tenant: Snapshot | None) -> Requests:
        exists = tenant is None or at.api_application(tenant) is not None
        return (Request("DELETE", at.api_path()),) if own and exists else ()

    kept = "" if own else "the app registration existed before"
    title = f"App registration {at.name}" if own else f"App registration {at.app_id(None)}"
    return Step("api", chain.API, title, wanted, undo, by_hand, kept, refusal)


def identifier_uri(at: Lookup) -> Step:
    """Return the step of the application's identifier URI; a URI in use is never replaced."""

    def wanted(tenant: Snapshot | None) -> Requests:
        app, uri = at.api_application(tenant), at.uri(tenant)
        if app is not None and app.identifier_uris:
            return ()
        return (Request("PATCH", at.api_path(), {"identifierUris": [uri]}),)

    def by_hand(tenant: Snapshot) -> str:
        app, uri = at.api_application(tenant), at.uri(tenant)
        if app is None or not app.identifier_uris or uri in app.identifier_uris:
            return ""
        return (
            f"application {app.app_id} has {', '.join(app.identifier_uris)} but not {uri}:"
            " clients may request tokens for the old URI. claimsctl entra apply --move adds the new"
            " one first, and removes the old one last."
        )

    def undo(tenant: Snapshot | None) -> Requests:
        app, uri = at.api_application(tenant), at.uri(tenant)
        if at.config.endpoint.app_id is None or (app and uri not in app.identifier_uris):
            return ()  # it is deleted with the registration
        rest = [one for one in app.identifier_uris if one != uri] if app else []
        return (Request("PATCH", at.api_path(), {"identifierUris": rest}),)

    title = f"Identifier URI of the host {at.config.host}"
    return Step("identifier-uri", chain.IDENTIFIER_URI, title, wanted, undo, by_hand)


def principal(at: Lookup, key: str, link: Link, app_id: str | None) -> Step:
    """Return the step of the service principal of `app_id`; by default, of the endpoint's."""

    def wanted(tenant: Snapshot | None) -> Requests:
        of = app_id or at.app_id(tenant)
        if tenant is not None and tenant.principal(of) is not None:
            return ()
        return (Request("POST", "/servicePrincipals", {"appId": of}),)

    def undo(tenant: Snapshot | None) -> Requests:
        of = at.app_id(tenant)
        if app_id or at.config.endpoint.app_id or (tenant and tenant.principal(of) is None):
            return ()
        return (Request("DELETE", f"/servicePrincipals(appId='{of}')"),)

    def by_hand(tenant: Snapshot) -> str:
        found = tenant.principal(app_id or at.app_id(tenant))
        if found is not None and found.account_enabled is False:
            return (
                f"the service principal of {found.app_id} is disabled: no sign-in to it works,"
                " and Entra does not call. Enable it in Enterprise applications > Properties."
            )
        if found is not None and found.app_role_assignment_required and app_id is None:
            return (
                f"the endpoint's service principal {found.id} requires assignment, so Entra"
                " issues no token for it: set Assignment required to No."
            )
        return ""

    kept = "it belongs to Microsoft, and other extensions need it" if app_id else ""
    known = app_id or at.config.endpoint.app_id
    title = f"{link.title} ({known})" if known else link.title
    return Step(key, link, title, wanted, undo, by_hand, kept)


def consent(at: Lookup) -> Step:
    """Return the step of the app role that lets Entra call, on the endpoint's service principal."""

    def ids(tenant: Snapshot | None) -> tuple[str, str]:
        api = tenant.principal(at.app_id(tenant)) if tenant is not None else None
        graph = tenant.principal(chain.GRAPH_APP_ID) if tenant is not None else None
        return (
            api.id if api else "{api-principal.id}",
            graph.id if graph else "{graph-principal.id}",
        )

    def found(tenant: Snapshot | None) -> str:
        api = tenant.principal(at.app_id(tenant)) if tenant is not None else None
        given = api.app_role_assignments if api else ()
        roles = (one for one in given if one.app_role_id.lower() == chain.RECEIVE_ROLE_ID)
        return next((one.id for one in roles), "")

    def wanted(tenant: Snapshot | None) -> Requests:
        if found(tenant):
            return ()
        api, graph = ids(tenant)
        body = {"principalId": api, "resourceId": graph, "appRoleId": chain.RECEIVE_ROLE_ID}
        return (Request("POST", f"/servicePrincipals/{api}/appRoleAssignments", body),)

    def undo(tenant: Snapshot | None) -> Requests:
        id_ = "{consent.id}" if tenant is None else found(tenant)
        path = f"/servicePrincipals/{ids(tenant)[0]}/appRoleAssignments/{id_}"
        return (Request("DELETE", path),) if id_ else ()

    return Step("consent", chain.CONSENT, chain.CONSENT.title, wanted, undo)
