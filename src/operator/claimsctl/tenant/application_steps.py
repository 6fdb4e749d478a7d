"""The steps for one application to enrich: its service principal, policy and user flow."""

from collections.abc import Iterator
from typing import Final

from claimsctl.entra.token_claims import TenantKind
from claimsctl.errors import OperatorError
from claimsctl.tenant import chain
from claimsctl.tenant.chain import Request
from claimsctl.tenant.config import Application
from claimsctl.tenant.endpoint_steps import principal
from claimsctl.tenant.lookup import Lookup
from claimsctl.tenant.snapshot import Snapshot
from claimsctl.tenant.step import Requests, Step, api_object

_GRAPH: Final = "https://graph.microsoft.com/v1.0"


def application_steps(at: Lookup, one: Application) -> Iterator[Step]:
    """Yield the steps that let the application `one` receive claims, except for the listener."""
    step = principal(at, "app-principal", chain.APP_PRINCIPAL, one.app_id)
    yield Step(
        f"app-principal:{one.app_id}",
        chain.APP_PRINCIPAL,
        step.title,
        step.wanted,
        by_hand=step.by_hand,
        kept="users sign in to the application",
    )
    yield _mapped_claims(one)
    yield _policy(at, one)
    yield _assignment(at, one)
    if one.user_flow and at.config.tenant.kind is TenantKind.EXTERNAL:
        yield _user_flow(one)


def _mapped_claims(one: Application) -> Step:
    path = f"/applications(appId='{one.app_id}')"

    def accepts(tenant: Snapshot) -> bool:
        app, principal = tenant.application(one.app_id), tenant.principal(one.app_id)
        has_key = principal is not None and principal.preferred_token_signing_key_thumbprint
        return bool(has_key or (app and app.api and app.api.accept_mapped_claims))

    def problem(tenant: Snapshot) -> str:
        app = tenant.application(one.app_id)
        if accepts(tenant):
            return ""
        if app is None:
            return (
                f"no app registration {one.app_id} in this tenant: its owner must set"
                " api.acceptMappedClaims, or configure a custom signing key"
            )
        if app.sign_in_audience not in {None, "AzureADMyOrg"}:
            return (
                f"application {one.app_id} accepts users of other tenants"
                f" ({app.sign_in_audience}), so acceptMappedClaims must not be set. Configure a"
                " custom signing key instead; its APIs must then read the keys at"
                f" …/discovery/keys?appid={one.app_id}"
            )
        return ""

    def wanted(tenant: Snapshot | None) -> Requests:
        if tenant is not None and (accepts(tenant) or problem(tenant)):
            return ()
        app = tenant.application(one.app_id) if tenant is not None else None
        value = api_object(app) | {"acceptMappedClaims": True}
        return (Request("PATCH", path, {"api": value}),)

    def refusal(tenant: Snapshot) -> OperatorError | None:
        found = problem(tenant)
        return OperatorError(found) if found else None

    title = f"Application {one.app_id} accepts mapped claims"
    kept = (
        "it may have been set before. The setting alone changes no token, but it lets everyone who"
        " can assign policies add claims to the application's tokens: unless another policy needs"
        " it, set api.acceptMappedClaims to false in the manifest"
    )
    return Step(
        f"mapped-claims:{one.app_id}",
        chain.MAPPED_CLAIMS,
        title,
        wanted,
        by_hand=problem,
        kept=kept,
        refusal=refusal,
    )


def _policy(at: Lookup, one: Application) -> Step:
    path = "/policies/claimsMappingPolicies"
    name = at.policy_name(one)

    def wanted(tenant: Snapshot | None) -> Requests:
        definition = [at.definition(tenant, one)]
        found = at.policy(tenant, one)
        if found is None:
            body = {"definition": definition, "displayName": name}
            return (Request("POST", path, body),)
        if list(found.definition) == definition:
            return ()
        return (Request("PATCH", f"{path}/{found.id}", {"definition": definition}),)

    def undo(tenant: Snapshot | None) -> Requests:
        found = at.policy(tenant, one)
        id_ = found.id if found else f"{{policy:{one.app_id}.id}}"
        return (Request("DELETE", f"{path}/{id_}"),) if found or tenant is None else ()

    def refusal(tenant: Snapshot) -> OperatorError | None:
        return at.conflict(tenant, one)

    key = f"policy:{one.app_id}"
    title = f"Claims mapping policy {name}"
    return Step(key, chain.POLICY, title, wanted, undo, refusal=refusal, unique=False)


def _assignment(at: Lookup, one: Application) -> Step:
    base = f"/servicePrincipals(appId='{one.app_id}')/claimsMappingPolicies"

    def wanted(tenant: Snapshot | None) -> Requests:
        found = at.policy(tenant, one)
        principal = tenant.principal(one.app_id) if tenant is not None else None
        if found and principal and found.id in principal.claims_mapping_policies:
            return ()
        id_ = found.id if found else f"{{policy:{one.app_id}.id}}"
        body = {"@odata.id": f"{_GRAPH}/policies/claimsMappingPolicies/{id_}"}
        return (Request("POST", f"{base}/$ref", body),)

    def undo(tenant: Snapshot | None) -> Requests:
        if tenant is None:
            return (Request("DELETE", f"{base}/{{policy:{one.app_id}.id}}/$ref"),)
        found, principal = at.policy(tenant, one), tenant.principal(one.app_id)
        if found and principal and found.id in principal.claims_mapping_policies:
            return (Request("DELETE", f"{base}/{found.id}/$ref"),)
        return ()

    def refusal(tenant: Snapshot) -> OperatorError | None:
        return at.conflict(tenant, one)

    title = f"Policy assigned to application {one.app_id}"
    key = f"assignment:{one.app_id}"
    return Step(key, chain.ASSIGNMENT, title, wanted, undo, refusal=refusal)


def _user_flow(one: Application) -> Step:
    name = one.user_flow or ""

    def wanted(tenant: Snapshot | None) -> Requests:
        flows = (tenant.user_flows or ()) if tenant is not None else ()
        if any(one.app_id in flow.app_ids for flow in flows):
            return ()
        id_ = next((flow.id for flow in flows if flow.display_name == name), "{user-flow.id}")
        path = f"/identity/authenticationEventsFlows/{id_}/conditions/applications"
        body = {
            "@odata.type": "#microsoft.graph.authenticationConditionApplication",
            "appId": one.app_id,
        }
        return (Request("POST", f"{path}/includeApplications", body),)

    def refusal(tenant: Snapshot) -> OperatorError | None:
        flows = tenant.user_flows
        if flows is None:
            message = f"user flows could not be read: {tenant.not_read.get('user_flows', '')}"
            return OperatorError(message)
        if not any(flow.display_name == name for flow in flows):
            known = ", ".join(flow.display_name or flow.id for flow in flows) or "none"
            message = f"the tenant has no user flow {name}, only {known}; correct user_flow"
            return OperatorError(message)
        return None

    title = f"Application {one.app_id} in user flow {name}"
    return Step(
        f"user-flow:{one.app_id}",
        chain.USER_FLOW,
        title,
        wanted,
        kept="it may have been there before, and users need it to sign in to the application; if"
        " the application is no longer used, remove it under External Identities > User flows > the"
        " flow > Applications",
        refusal=refusal,
    )
