"""Checks of the applications to enrich: principals, mapped claims, user flow, source of claims."""

from typing import Final

from claimsctl.entra.token_claims import TenantKind
from claimsctl.judge.finding import Finding, Level
from claimsctl.tenant.config import TokenKind
from claimsctl.tenant.diagnosis import Case, result, skipped
from claimsctl.tenant.lookup import TOKEN_VERSION
from claimsctl.tenant.snapshot import ServicePrincipal

_NO_APPS: Final = "there is no application: no listener names one"


def same_applications(case: Case) -> Finding:
    """TEN012: the listener's applications are those that have a policy."""
    if not case.app_ids:
        return skipped("TEN012", _NO_APPS)
    problems = []
    for app_id in case.app_ids:
        principal = case.tenant.principal(app_id)
        mapped, listened = principal is not None and has_claims(principal), case.is_called(app_id)
        if mapped and not listened:
            problems.append(f"application {app_id} has a policy, and no listener names it")
        if not mapped and listened:
            problems.append(f"the listener names application {app_id}, which has no policy")
        others = [one.id for one in case.tenant.listeners if app_id in one.app_ids]
        if len(others) > 1:
            problems.append(f"listeners {' and '.join(others)} both name application {app_id}")
    problems += [
        f"listener {one.id} is for all applications: Entra calls for every sign-in of the tenant"
        for one in case.tenant.listeners
        if one.is_for_all
    ]
    return result(
        "TEN012",
        problems,
        ", ".join(case.app_ids),
        hint="name the application whose id is the token's audience in both: the client for ID"
        " tokens, the API for access tokens",
        expected="the listener's applications, the policy's and the token's audience are the same",
    )


def has_claims(principal: ServicePrincipal) -> bool:
    """Return whether anything maps claims into the application's tokens."""
    return bool(principal.claims_mapping_policies or principal.has_portal_claims)


def principals(case: Case) -> Finding:
    """TEN013: each application has a service principal."""
    if not case.app_ids:
        return skipped("TEN013", _NO_APPS)
    problems = [
        f"application {app_id} has no service principal in this tenant"
        for app_id in case.app_ids
        if case.tenant.principal(app_id) is None
    ]
    hint = "sign in to it once and consent, or POST /servicePrincipals with its appId"
    return result("TEN013", problems, ", ".join(case.app_ids), hint=hint, code=1003017)


def principals_enabled(case: Case) -> Finding:
    """TEN014: each application's service principal is enabled."""
    found = [one for app_id in case.app_ids if (one := case.tenant.principal(app_id))]
    if not found:
        return skipped("TEN014", "needs TEN013")
    problems = [
        f"application {one.app_id}: accountEnabled is false"
        for one in found
        if one.account_enabled is False
    ]
    hint = "set Enabled to Yes in Enterprise applications > the application > Properties"
    return result("TEN014", problems, f"{len(found)} enabled", hint=hint, code=1003018)


def _mapped(case: Case) -> list[ServicePrincipal]:
    """Return the principals whose tokens something maps claims into."""
    found = (case.tenant.principal(app_id) for app_id in case.app_ids)
    return [one for one in found if one is not None and has_claims(one)]


def accepts_mapped_claims(case: Case) -> Finding:
    """TEN015: an application with mapped claims accepts them, or has a custom signing key."""
    mapped = _mapped(case)
    if not mapped:
        return skipped("TEN015", "no application has mapped claims")
    problems = []
    for one in mapped:
        app = case.tenant.application(one.app_id)
        accepts = bool(app and app.api and app.api.accept_mapped_claims)
        if not accepts and not one.preferred_token_signing_key_thumbprint:
            problems.append(
                f"application {one.app_id}: acceptMappedClaims is not true, without a custom key"
            )
    return result(
        "TEN015",
        problems,
        "acceptMappedClaims, or a custom signing key",
        hint="set api.acceptMappedClaims to true in the application's manifest; until then, every"
        " sign-in to it fails with AADSTS50146",
    )


def single_tenant(case: Case) -> Finding:
    """TEN016: no multitenant application accepts mapped claims."""
    apps = [one for app_id in case.app_ids if (one := case.tenant.application(app_id))]
    if not apps:
        return skipped("TEN016", "this tenant has no app registration of an application")
    problems = [
        f"application {one.app_id}: acceptMappedClaims with signInAudience {one.sign_in_audience}"
        for one in apps
        if one.api
        and one.api.accept_mapped_claims
        and one.sign_in_audience not in {None, "AzureADMyOrg"}
    ]
    hint = (
        "remove acceptMappedClaims, which lets others forge claims in the tokens; use a custom"
        " signing key instead"
    )
    return result("TEN016", problems, "none", hint=hint)


def audience(case: Case) -> Finding:
    """TEN017: the audience of v1 access tokens is in a verified domain."""
    if case.tenant.verified_domains is None:
        reason = case.tenant.not_read.get("verified_domains", "the domains were not read")
        return skipped("TEN017", reason)
    problems = []
    for one in _mapped(case):
        app = case.tenant.application(one.app_id)
        if app is None or one.preferred_token_signing_key_thumbprint:
            continue
        is_api = case.token_of(one.app_id) is TokenKind.ACCESS
        outside = [uri for uri in app.identifier_uris if not _verified(uri, case)]
        if is_api and app.token_version != TOKEN_VERSION and outside:
            problems.append(f"application {app.app_id}: v1 tokens with the audience {outside[0]}")
    return result(
        "TEN017",
        problems,
        "GUIDs, or URIs in verified domains",
        hint="request tokens for the application's GUID ({app id}/.default), or use an identifier"
        " URI in a verified domain; otherwise, sign-ins fail with AADSTS501461",
        level=Level.WARN,
    )


def _verified(uri: str, case: Case) -> bool:
    host = uri.partition("://")[2].partition("/")[0]
    domains = case.tenant.verified_domains or ()
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def one_source(case: Case) -> Finding:
    """TEN018: the claims come from a policy or from the portal, not from both."""
    if not case.app_ids:
        return skipped("TEN018", _NO_APPS)
    problems, unknown = [], []
    for app_id in case.app_ids:
        principal = case.tenant.principal(app_id)
        if principal is None:
            continue
        missing = [
            id_ for id_ in principal.claims_mapping_policies if case.tenant.policy(id_) is None
        ]
        if missing:
            problems.append(f"application {app_id}: policy {missing[0]} does not exist")
        elif principal.claims_mapping_policies and principal.has_portal_claims:
            problems.append(
                f"application {app_id} has a mapping policy and claims from the portal; the"
                " policy overrides the portal's claims"
            )
        elif not principal.claims_mapping_policies and principal.has_portal_claims is None:
            unknown.append(app_id)
        elif not has_claims(principal):
            problems.append(f"application {app_id} has neither a mapping policy nor portal claims")
    if unknown and not problems:
        reason = case.tenant.not_read.get("claimsPolicy", "the portal's claims were not read")
        return skipped("TEN018", f"application {unknown[0]}: {reason}")
    return result(
        "TEN018",
        problems,
        "one for each application",
        hint="put every claim into either the mapping policy or the portal's Attributes & Claims",
    )


def user_flow(case: Case) -> Finding:
    """TEN022: in an external tenant, each application belongs to a user flow."""
    if case.config and case.config.tenant.kind is TenantKind.WORKFORCE:
        return skipped("TEN022", "in a workforce tenant, applications need no user flow")
    if case.tenant.user_flows is None:
        return skipped(
            "TEN022", case.tenant.not_read.get("user_flows", "the user flows were not read")
        )
    if not case.app_ids:
        return skipped("TEN022", _NO_APPS)
    inside = {app_id for flow in case.tenant.user_flows for app_id in flow.app_ids}
    clients = [one for one in case.app_ids if case.token_of(one) is not TokenKind.ACCESS]
    problems = [f"application {one} is in no user flow" for one in clients if one not in inside]
    return result(
        "TEN022",
        problems,
        f"{len(clients)} in a user flow",
        hint="add it in External Identities > User flows > the flow > Applications; a workforce"
        " tenant needs no user flow",
        level=Level.WARN,
    )
