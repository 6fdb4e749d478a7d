"""A plan: the steps with every request filled in, for people, machines and REST clients."""

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
    """A step, what it asks of Graph, and what the operator has to do."""

    step: Step
    requests: tuple[Request, ...]
    by_hand: str = ""
    kept: str = ""

    @property
    def permissions(self) -> tuple[str, ...]:
        """What it needs."""
        return (*self.step.link.permissions, *self.step.also)

    def document(self) -> dict[str, Any]:
        """The step for machines."""
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
    """The steps with what `tenant` needs; with all there is when nothing is known of it."""
    return tuple(PlannedStep(step, step.wanted(tenant), _by_hand(step, tenant)) for step in steps)


def planned_teardown(steps: Iterable[Step], tenant: Snapshot | None) -> tuple[PlannedStep, ...]:
    """The exact reverse: what undoes the last step comes first."""
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
    """The plan for the REST clients of editors; each request can refer to earlier answers.

    The access token is asked for when a request is sent, and is never in the file.
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
    """A request that reads the object `name`, unless an earlier one read or made it."""
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
    yield f"### Read first: {name}. Where it lists several, replace value[0] below."
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
