"""Checks of the chain up to the callout: registration, caller, consent, extension, listener."""

import re
from typing import Final

from claimsctl.judge.finding import Finding, Level
from claimsctl.tenant import chain
from claimsctl.tenant.config import WAIT_MS_MAX, host_of, is_target_url
from claimsctl.tenant.diagnosis import DEFAULT_WAIT_MS, Case, override_of, result, skipped
from claimsctl.tenant.lookup import TOKEN_VERSION

_NO_EXTENSION: Final = "there is no extension"
_URI: Final = re.compile(r"api://([a-z0-9.-]+\.[a-z0-9-]+)/[0-9a-f-]{36}", re.IGNORECASE)
_APPLY: Final = "run claimsctl entra apply, which creates it"


def registration(case: Case) -> Finding:
    """TEN001: the application that resourceId names exists and has v2 tokens."""
    if case.extension is None:
        return skipped("TEN001", _NO_EXTENSION)
    if case.api is None:
        named = f"application {case.api_app_id}" if case.api_app_id else "no application"
        problem = f"resourceId names {named}; the tenant has no app registration of it"
        return result("TEN001", [problem], "", hint=_APPLY, code=1003016)
    version = case.api.token_version
    problems = [] if version == TOKEN_VERSION else ["api.requestedAccessTokenVersion is null or 1"]
    return result(
        "TEN001",
        problems,
        f"{case.api.app_id}, v2 tokens",
        hint="let the endpoint accept v1 tokens (issuer sts.windows.net, audience api://…), or set"
        " the version to 2 if nothing else validates this application's tokens",
        expected="2, which the template's authorizer expects",
        level=Level.WARN,
    )


def identifier_uri(case: Case) -> Finding:
    """TEN002: resourceId has the form that Entra requires, and the application has this URI."""
    if case.extension is None:
        return skipped("TEN002", _NO_EXTENSION)
    resource = case.extension.resource_id
    problems = []
    if not _URI.fullmatch(resource):
        problems.append(f"resourceId is {resource or 'empty'}")
    if case.api is not None and resource not in case.api.identifier_uris:
        held = ", ".join(case.api.identifier_uris) or "none"
        problems.append(f"identifierUris of application {case.api.app_id} are {held}")
    return result(
        "TEN002",
        problems,
        resource,
        hint="set Application ID URI and resourceId to api://{host of the target URL}/{app id}",
        expected="api://{fully qualified host}/{app id}, the same in both",
        code=1003014,
    )


def hosts(case: Case) -> Finding:
    """TEN003: target URL and resourceId have the same host."""
    if case.extension is None:
        return skipped("TEN003", _NO_EXTENSION)
    target, resource = host_of(case.extension.target_url), host_of(case.extension.resource_id)
    problems = [f"targetUrl has {target or 'none'}, resourceId {resource or 'none'}"]
    return result(
        "TEN003",
        problems if target != resource else [],
        target,
        hint="run claimsctl entra apply --move URL, which changes both without failed sign-ins",
        expected="the same host in both",
        code=1003015,
    )


def api_principal(case: Case) -> Finding:
    """TEN004: the endpoint's application has a service principal."""
    if case.extension is None:
        return skipped("TEN004", _NO_EXTENSION)
    problem = f"application {case.api_app_id} has no service principal in this tenant"
    found = case.api_principal
    problems = [] if found else [problem]
    return result("TEN004", problems, found.id if found else "", hint=_APPLY, code=1003016)


def api_principal_open(case: Case) -> Finding:
    """TEN005: the endpoint's service principal is enabled and requires no assignment."""
    found = case.api_principal
    if found is None:
        return skipped("TEN005", "needs TEN004")
    if found.account_enabled is False:
        return result(
            "TEN005",
            [f"{found.id}: accountEnabled is false"],
            "",
            hint="set Enabled to Yes in Enterprise applications > the endpoint's > Properties",
            code=1003019,
        )
    return result(
        "TEN005",
        [f"{found.id}: appRoleAssignmentRequired is true (AADSTS501051)"]
        if found.app_role_assignment_required
        else [],
        "enabled, no assignment required",
        hint="set Assignment required to No in Enterprise applications > the endpoint's >"
        " Properties; the endpoint checks azp",
    )


def caller(case: Case) -> Finding:
    """TEN006: Entra's authentication-events service has an enabled service principal."""
    found = case.tenant.principal(chain.CALLER_APP_ID)
    problems = [] if found else [f"no service principal of {chain.CALLER_APP_ID} (AADB2C90063)"]
    if found and found.account_enabled is False:
        problems = [f"the service principal of {chain.CALLER_APP_ID} is disabled"]
    hint = f"POST /servicePrincipals with appId {chain.CALLER_APP_ID}, or {_APPLY}"
    return result("TEN006", problems, found.id if found else "", hint=hint)


def graph_principal(case: Case) -> Finding:
    """TEN007: Microsoft Graph has an enabled service principal."""
    found = case.tenant.principal(chain.GRAPH_APP_ID)
    problems = [] if found else ["no service principal of Microsoft Graph"]
    if found and found.account_enabled is False:
        problems = ["the service principal of Microsoft Graph is disabled"]
    hint = f"enable the service principal of {chain.GRAPH_APP_ID}, or create it"
    return result("TEN007", problems, found.id if found else "", hint=hint, code=1003022)


def consent(case: Case) -> Finding:
    """TEN008: the endpoint's application has the app role that lets Entra call it."""
    if case.api_principal is None:
        return skipped("TEN008", "needs TEN004")

    def has_role(app_id: str) -> bool:
        principal = case.tenant.principal(app_id)
        given = principal.app_role_assignments if principal else ()
        return any(one.app_role_id.lower() == chain.RECEIVE_ROLE_ID for one in given)

    if has_role(case.api_app_id):
        return result("TEN008", [], "granted", hint="")
    others = [one.app_id for one in case.tenant.service_principals if has_role(one.app_id)]
    problem = f"not granted to application {case.api_app_id}"
    problem += f", but to {', '.join(others)}" if others else ""
    return result(
        "TEN008",
        [problem],
        "",
        hint=f"grant admin consent for application {case.api_app_id} (API permissions) as"
        f" {chain.GRANTED_BY}",
        expected="CustomAuthenticationExtensions.Receive.Payload",
        code=1003021,
    )


def target_url(case: Case) -> Finding:
    """TEN009: Entra can call the target URL, and it is the configured one."""
    if case.extension is None:
        problem = "the tenant has no custom authentication extension for token issuance"
        return result("TEN009", [problem], "", hint=_APPLY, code=1003011)
    url = case.extension.target_url
    problems = []
    if not is_target_url(url):
        problems.append(f"targetUrl is {url or 'empty'}")
    elif case.config and case.config.endpoint.target_url not in {None, url}:
        problems.append(f"targetUrl is {url}, but entra.toml has {case.config.target_url}")
    return result(
        "TEN009",
        problems,
        url,
        hint="correct the extension's targetUrl; for another host, run claimsctl entra apply"
        " --move",
        expected="https:// and a fully qualified host",
        code=1003020,
    )


def wait(case: Case) -> Finding:
    """TEN010: the wait and the retries are set, and long enough for the endpoint."""
    if case.extension is None:
        return skipped("TEN010", _NO_EXTENSION)
    client = case.client
    wait_ms = client.timeout_in_milliseconds or DEFAULT_WAIT_MS
    problems = []
    if client.timeout_in_milliseconds is None:
        problems.append(f"timeoutInMilliseconds is not set: {DEFAULT_WAIT_MS} is the default")
    held = case.extension.client_configuration
    for one in case.listeners:
        own = override_of(one)
        if own and own.timeout_in_milliseconds is not None and own != held:
            problems.append(
                f"listener {one.id} overrides the extension: {own.timeout_in_milliseconds} ms"
            )
    if case.latency_ms is not None and case.latency_ms > wait_ms:
        problems.append(f"the endpoint took {case.latency_ms:.0f} ms, but Entra waits {wait_ms} ms")
    if case.function_wait_ms is not None and case.function_wait_ms > wait_ms:
        counted = case.function_wait_ms
        problems.append(f"the function expects {counted} ms, but Entra waits {wait_ms} ms")
    late = case.latency_ms is not None and case.latency_ms > wait_ms
    return result(
        "TEN010",
        problems,
        f"{wait_ms} ms, maximumRetries {client.maximum_retries}",
        hint=f"set timeoutInMilliseconds {WAIT_MS_MAX} and maximumRetries 1 on the extension, no"
        " override on the listener, and EntraWaitMs of the stack to the same wait",
        code=1003005 if late else None,
        level=Level.FAIL if late else Level.WARN,
    )


def listener(case: Case) -> Finding:
    """TEN011: a listener names the extension, and no listener names a deleted one."""
    problems = [
        f"listener {one.id} names extension {one.extension_id or 'none'}, which does not exist"
        for one in case.tenant.listeners
        if case.tenant.extension(one.extension_id) is None
    ]
    if not problems and case.extension is not None and not case.listeners:
        problem = f"no listener names extension {case.extension.id}: Entra never calls"
        return result(
            "TEN011", [problem], "", hint="run claimsctl entra apply, which creates it last"
        )
    if case.extension is None and not problems:
        return skipped("TEN011", _NO_EXTENSION)
    return result(
        "TEN011",
        problems,
        ", ".join(one.id for one in case.listeners),
        hint="name the extension in the listener again; until then, every sign-in to its"
        " applications fails",
        code=1003011,
    )


def verified_domain(case: Case) -> Finding:
    """TEN023: Graph accepts changes of the identifier URIs."""
    domains, api = case.tenant.verified_domains, case.api
    if domains is None:
        return skipped(
            "TEN023", case.tenant.not_read.get("verified_domains", "the domains were not read")
        )
    if api is None:
        return skipped("TEN023", "needs TEN001")
    problems = [
        f"{uri}: its host is not a verified domain, and it does not contain the application's id"
        for uri in api.identifier_uris
        if api.app_id not in uri and not _is_in(host_of(uri), domains)
    ]
    return result(
        "TEN023",
        problems,
        "each contains the application's id or a verified domain",
        hint="use api://{host}/{app id}, or verify the domain; until then, Graph"
        " rejects any change of the URIs with HostNameNotOnVerifiedDomain",
        level=Level.WARN,
    )


def answer(case: Case) -> Finding:
    """TEN025: Entra accepts the endpoint's answer."""
    if case.answer is None:
        return skipped("TEN025", "needs an answer of the endpoint: add --answer FILE or --call")
    failed = case.answer.first_failure
    problems = [f"{failed.id} {failed.title}: {failed.evidence}"] if failed else []
    return result(
        "TEN025",
        problems,
        f"{len(case.answer.claims)} claims",
        hint=failed.hint if failed else "",
        code=case.answer.entra_code,
    )


def _is_in(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
