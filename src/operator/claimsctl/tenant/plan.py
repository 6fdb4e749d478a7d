"""A plan: the steps with their requests, as objects, as JSON and as an .http file."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from claimsctl.tenant import chain
from claimsctl.tenant.chain import Request
from claimsctl.tenant.lookup import Lookup
from claimsctl.tenant.snapshot import Snapshot
from claimsctl.tenant.step import Step


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step, its requests to Graph, and what the operator must do by hand."""

    step: Step
    requests: tuple[Request, ...]
    by_hand: str = ""
    kept: str = ""

    @property
    def permissions(self) -> tuple[str, ...]:
        """The permissions that the step needs."""
        return (*self.step.link.permissions, *self.step.also)

    def document(self) -> dict[str, Any]:
        """Return the step as a JSON object."""
        link = self.step.link
        return {
            "key": self.step.key,
            "title": self.step.title,
            "why": link.why,
            "without_it": list(link.errors),
            "permissions": list(self.permissions),
            "portal": link.portal,
            "doc": link.doc,
            "requests": [request.document() for request in self.requests],
            "by_hand": self.by_hand,
            "kept": self.kept,
        }


def planned(steps: Iterable[Step], tenant: Snapshot | None) -> tuple[PlannedStep, ...]:
    """Return the steps that `tenant` needs; all steps if the tenant was not read."""
    return tuple(PlannedStep(step, step.wanted(tenant), _by_hand(step, tenant)) for step in steps)


def planned_teardown(steps: Iterable[Step], tenant: Snapshot | None) -> tuple[PlannedStep, ...]:
    """Return the removal of the steps, the last step first."""
    return tuple(
        PlannedStep(
            replace(step, also=()),
            step.undo(tenant),
            kept=step.kept if tenant is None else step.left_in(tenant),
        )
        for step in reversed(tuple(steps))
    )


def _by_hand(step: Step, tenant: Snapshot | None) -> str:
    if tenant is None:
        return ""
    refusal = step.refusal(tenant)
    return "; ".join(map(str, (refusal, *refusal.lines))) if refusal else step.by_hand(tenant)


def http_file(plan: Iterable[PlannedStep], at: Lookup) -> str:
    """Return the plan as an .http file, in which requests refer to earlier answers.

    The REST client gets the access token when it sends a request; the file does not contain it.
    """
    lines = [f"# Tenant {at.config.tenant.id}", "@graph = https://graph.microsoft.com", ""]
    read: set[str] = set()
    named: set[str] = set()
    for one in plan:
        if one.kept and not one.requests:
            lines += [f"# {one.step.title}: kept, {one.kept}", ""]
        if one.by_hand:
            lines += [f"# {one.step.title}: by hand: {one.by_hand}", ""]
        for request in one.requests:
            for name in request.unknown:
                lines += _look_up(name, at, read, named)
            lines += _entry(one, request, read)
            named.add(one.step.key)
    return "\n".join(lines)


def _look_up(name: str, at: Lookup, read: set[str], named: set[str]) -> Iterator[str]:
    """Yield a request that reads the object `name`, unless an earlier one read or created it."""
    if name in read | named:
        return
    principal = "{api-principal.id}"
    paths = {
        "api": f"applications?$filter=displayName eq '{at.name}'",
        "api-principal": f"servicePrincipals?$filter=appId eq '{at.app_id(None)}'",
        "graph-principal": f"servicePrincipals?$filter=appId eq '{chain.GRAPH_APP_ID}'",
        "consent": f"servicePrincipals/{principal}/appRoleAssignments",
        "extension": "identity/customAuthenticationExtensions",
        "listener": "identity/authenticationEventListeners",
        "user-flow": "identity/authenticationEventsFlows",
    }
    request = Request("GET", f"/{paths.get(name, 'policies/claimsMappingPolicies')}")
    for needed in request.unknown:
        yield from _look_up(needed, at, read, named)
    read.add(name)
    yield f"### Read first: {name}. If it lists several, replace value[0] below."
    yield f"# @name {_variable(name)}"
    yield f"GET {{{{graph}}}}/v1.0{_filled(request.path, read)}"
    yield "Authorization: Bearer {{$aadToken}}"
    yield ""


def _entry(one: PlannedStep, request: Request, read: set[str]) -> Iterator[str]:
    link = one.step.link
    yield f"### {one.step.title}"
    yield f"# {link.why}"
    if link.errors:
        yield f"# Without it: {', '.join(link.errors)}"
    yield f"# Permission: {', '.join(one.permissions)}"
    yield f"# @name {_variable(one.step.key)}"
    yield f"{request.method} {{{{graph}}}}/{request.version}{_filled(request.path, read)}"
    yield "Authorization: Bearer {{$aadToken}}"
    for name, value in request.headers.items():
        yield f"{name}: {value}"
    if request.body is not None:
        yield "Content-Type: application/json"
        yield ""
        yield _filled(json.dumps(request.body, indent=2, ensure_ascii=False), read)
    yield ""


def _filled(text: str, read: set[str]) -> str:
    def reference(match: re.Match[str]) -> str:
        at = "value[0]." if match[1] in read else ""
        return f"{{{{{_variable(match[1])}.response.body.$.{at}{match[2]}}}}}"

    return chain.PLACEHOLDER.sub(reference, text)


def _variable(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", key)
