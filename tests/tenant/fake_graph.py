"""A stateful fake of Microsoft Graph for one tenant, with what the chain's requests need.

It checks required fields and types, permissions, uniqueness and references, has ``$filter``,
``$ref``, pages, throttling and replication delay, and knows what a sign-in would end in.
"""

import json
import re
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx2
from claimsctl.tenant.chain import CALLER_APP_ID, GRAPH_APP_ID, permissions_of
from claimsctl.tenant.graph import Graph

from tests.tenant.fake_sign_in import sign_in
from tests.tenant.graph_types import problem_of

_ALL = frozenset(
    {*permissions_of(), "Policy.Read.All", "Organization.Read.All", "AuditLog.Read.All"}
)
_NEEDS = {
    "applications": "Application",
    "servicePrincipals": "Application",
    "customAuthenticationExtensions": "CustomAuthenticationExtension",
    "authenticationEventListeners": "EventListener",
    "authenticationEventsFlows": "EventListener",
    "claimsMappingPolicies": "Policy",
    "organization": "Organization",
    "auditLogs": "AuditLog",
}
_TYPES = {
    "applications": "application",
    "servicePrincipals": "servicePrincipal",
    "customAuthenticationExtensions": "onTokenIssuanceStartCustomExtension",
    "authenticationEventListeners": "onTokenIssuanceStartListener",
    "claimsMappingPolicies": "claimsMappingPolicy",
}
VERIFIED = "contoso.example"
_WORKS = {"plain", "enriched"}


class Refused(Exception):  # noqa: N818  # an answer of Graph
    """An error that Graph returns."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        self.answer = httpx2.Response(status, json={"error": {"code": code, "message": message}})


class Killed(BaseException):
    """The process that sends the requests is killed."""


class FakeGraph:
    """The tenant. `objects` contains the collections; time passes only in `sleep`."""

    def __init__(self, permissions: Iterable[str] = _ALL, delay: float = 0, page: int = 2) -> None:
        self.permissions = set(permissions)
        self.delay = delay
        self.page = page
        self.clock = 0.0
        transport = httpx2.MockTransport(self.answer)
        self._graph = Graph("token", sleep=self.sleep, transport=transport)
        self.requests: list[tuple[str, str]] = []
        self.throttled: set[int] = set()
        """The numbers of the requests to answer with 429."""
        self.killed_after = -1
        """The number of changes after which the process is killed."""
        self.changes = 0
        self.broken: list[str] = []
        """The working sign-ins that each change broke."""
        self.objects: dict[str, list[dict[str, Any]]] = {name: [] for name in _NEEDS}
        self.objects["organization"] = [{"id": _id(), "verifiedDomains": [{"name": VERIFIED}]}]
        self.add("servicePrincipals", appId=GRAPH_APP_ID, displayName="Microsoft Graph")

    def add(self, collection: str, **properties: Any) -> dict[str, Any]:
        """Add an object that exists before the commands run."""
        defaults: dict[str, Any] = {"id": _id(), "seen": -1.0}
        if collection == "servicePrincipals":
            defaults |= {
                "accountEnabled": True,
                "appRoleAssignmentRequired": False,
                "claimsMappingPolicies": [],
                "appRoleAssignments": [],
                "claimsPolicy": {"claims": []},
            }
        if collection == "applications":
            defaults |= {"identifierUris": [], "signInAudience": "AzureADMyOrg", "api": {}}
            defaults["appId"] = _id()
        self.objects[collection].append(made := defaults | properties)
        return made

    def add_app(self, app_id: str, **api: Any) -> None:
        """Add an application with its service principal."""
        self.add("applications", appId=app_id, displayName=app_id, api=api)
        self.add("servicePrincipals", appId=app_id, displayName=app_id)

    def graph(self) -> Graph:
        """Return a client of this tenant."""
        return self._graph

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.clock += seconds

    def state(self) -> dict[str, Any]:
        """Return the tenant's objects, without ids that differ in each run."""
        text = json.dumps(self.objects, sort_keys=True)
        ids = [one["id"] for held in self.objects.values() for one in held]
        apps = [one["appId"] for one in self.objects["applications"]]
        roles = [
            given["id"]
            for one in self.objects["servicePrincipals"]
            for given in one["appRoleAssignments"]
        ]
        for number, id_ in enumerate((*ids, *apps, *roles)):
            text = text.replace(id_, f"id-{number}")
        state: dict[str, Any] = json.loads(re.sub(r'"seen": [-0-9.]+', '"seen": 0', text))
        return state

    def sign_in(self, app_id: str, host: str) -> str:
        """Return the result of a sign-in: ``plain``, ``enriched`` or an error code."""
        return sign_in(self.objects, app_id, host)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Return Graph's answer to one request."""
        method, url = request.method, urlsplit(str(request.url))
        self.requests.append((method, unquote(url.path)))
        if len(self.requests) in self.throttled:
            return httpx2.Response(429, headers={"Retry-After": "7"}, json={"error": {}})
        before = self._sign_ins()
        try:
            answer = self._answer(method, url.path, parse_qs(url.query), request)
        except Refused as refused:
            return refused.answer
        if method != "GET":
            self.changes += 1
            after = self._sign_ins()
            self.broken += [
                f"{method} {url.path}: {app} {after[app]}"
                for app, how in before.items()
                if how in _WORKS and after.get(app, "plain") not in _WORKS
            ]
            if self.changes == self.killed_after:
                raise Killed
        return answer

    def _sign_ins(self) -> dict[str, str]:
        extensions = self.objects["customAuthenticationExtensions"]
        urls = [one["endpointConfiguration"]["targetUrl"] for one in extensions]
        host = urlsplit(urls[0]).netloc if urls else ""
        principals = self.objects["servicePrincipals"]
        return {one["appId"]: self.sign_in(one["appId"], host) for one in principals}

    def _answer(  # noqa: C901, PLR0911  # one case after the other
        self, method: str, path: str, query: dict[str, list[str]], request: httpx2.Request
    ) -> httpx2.Response:
        version, *parts = unquote(path).strip("/").split("/")
        if parts[0] in {"identity", "policies"}:
            parts = parts[1:]
        collection, key = re.fullmatch(r"(\w+)(?:\((.*)\))?", parts[0]).groups()  # type: ignore[union-attr]
        if collection not in self.objects:
            raise Refused(400, "BadRequest", f"Resource not found for the segment '{parts[0]}'.")
        self._check_permission(method, collection, parts)
        body: Any = json.loads(request.content) if request.content else None
        if key is None and (len(parts) == 1 or collection == "auditLogs"):
            if method == "GET":
                return self._page(self.objects[collection], query, path)
            return httpx2.Response(201, json=_shown(self._create(collection, body)))
        name, value = ("id", parts[1]) if key is None else key.replace("'", "").split("=")
        rest = parts[2:] if key is None else parts[1:]
        found = self._one(collection, name, value, visible=True)
        if method == "PATCH" and found is None and request.headers.get("prefer"):
            made = self._create(collection, body) | {name: value}
            self.objects[collection][-1] = made
            return httpx2.Response(201, json=_shown(made))
        if found is None:
            raise Refused(404, "Request_ResourceNotFound", f"Resource '{value}' does not exist.")
        if rest:
            return self._navigate(method, version, found, rest, body, query, path)
        if method == "GET":
            return httpx2.Response(200, json=_shown(found))
        if method == "DELETE":
            self.objects[collection].remove(found)
            if collection == "applications":
                principal = self._one("servicePrincipals", "appId", found["appId"])
                self.objects["servicePrincipals"] = [
                    one for one in self.objects["servicePrincipals"] if one is not principal
                ]
            return httpx2.Response(204)
        self._check(collection, body, whole=False)
        self._check_uris(found, body)
        found |= body
        return httpx2.Response(204)

    def _check_permission(self, method: str, collection: str, parts: list[str]) -> None:
        name = _NEEDS[collection]
        wanted = {f"{name}.ReadWrite.All"} | ({f"{name}.Read.All"} if method == "GET" else set())
        if name == "Policy" or "claimsMappingPolicies" in parts or "claimsPolicy" in parts:
            wanted = {"Policy.ReadWrite.ApplicationConfiguration"}
            wanted |= {"Policy.Read.All"} if method == "GET" else set()
        if "appRoleAssignments" in parts and method != "GET":
            wanted = {"AppRoleAssignment.ReadWrite.All"}
        if not wanted & self.permissions:
            message = "Insufficient privileges to complete the operation."
            raise Refused(403, "Authorization_RequestDenied", message)

    def _create(self, collection: str, body: Any) -> dict[str, Any]:
        self._check(collection, body, whole=True)
        if collection == "servicePrincipals":
            if self._one(collection, "appId", body["appId"]):
                raise Refused(409, "Request_MultipleObjectsWithSameKeyValue", "already exists")
            application = self._one("applications", "appId", body["appId"])
            if application is None and body["appId"] != CALLER_APP_ID:
                raise Refused(400, "Request_BadRequest", "no application of that appId")
        if collection == "authenticationEventListeners":
            self._check_extension(body)
        made = self.add(collection, seen=self.clock + self.delay)
        self._check_uris(made, body)
        made |= body
        return made

    def _check(self, collection: str, body: Any, *, whole: bool) -> None:
        if problem := problem_of(_TYPES[collection], body, whole=whole):
            raise Refused(400, "Request_BadRequest", problem)
        if collection == "authenticationEventListeners" and "handler" in body:
            self._check_extension(body)
        if collection.endswith(("Extensions", "Listeners")) and "@odata.type" not in body:
            raise Refused(400, "BadRequest", "@odata.type is required")

    def _check_extension(self, body: dict[str, Any]) -> None:
        id_ = body["handler"]["customExtension"]["id"]
        if self._one("customAuthenticationExtensions", "id", id_) is None:
            raise Refused(400, "BadRequest", "no such customExtension")

    def _check_uris(self, found: dict[str, Any], body: dict[str, Any]) -> None:
        for uri in body.get("identifierUris", ()):
            host = urlsplit(uri).netloc
            if found["appId"] not in uri and host != VERIFIED:
                message = "Values of identifierUris property must use a verified domain."
                raise Refused(400, "HostNameNotOnVerifiedDomain", message)
            others = (one for one in self.objects["applications"] if one is not found)
            if any(uri in one["identifierUris"] for one in others):
                raise Refused(400, "ObjectConflict", "Another object with the same value")

    def _navigate(  # noqa: C901, PLR0911  # likewise
        self,
        method: str,
        version: str,
        found: dict[str, Any],
        rest: list[str],
        body: Any,
        query: dict[str, list[str]],
        path: str,
    ) -> httpx2.Response:
        match method, rest:
            case "GET", ["claimsPolicy"] if version == "beta":
                return httpx2.Response(200, json=found["claimsPolicy"])
            case "GET", ["claimsMappingPolicies"]:
                held = found["claimsMappingPolicies"]
                every = self.objects["claimsMappingPolicies"]
                return self._page([one for one in every if one["id"] in held], query, path)
            case "POST", ["claimsMappingPolicies", "$ref"]:
                self._check_ref(body)
                id_ = body["@odata.id"].rpartition("/")[2]
                if found["claimsMappingPolicies"]:
                    message = "A conflicting object is already present."
                    raise Refused(400, "Request_BadRequest", message)
                found["claimsMappingPolicies"].append(id_)
                return httpx2.Response(204)
            case "DELETE", ["claimsMappingPolicies", id_, "$ref"]:
                found["claimsMappingPolicies"].remove(id_)
                return httpx2.Response(204)
            case "GET", ["appRoleAssignments"]:
                return self._page(found["appRoleAssignments"], query, path)
            case "POST", ["appRoleAssignments"]:
                if problem := problem_of("appRoleAssignment", body, whole=True):
                    raise Refused(400, "Request_BadRequest", problem)
                if any(
                    one["appRoleId"] == body["appRoleId"] for one in found["appRoleAssignments"]
                ):
                    message = "Permission being assigned already exists on the object"
                    raise Refused(400, "Request_BadRequest", message)
                made = {"id": _id(), "seen": self.clock + self.delay, **body}
                found["appRoleAssignments"].append(made)
                return httpx2.Response(201, json=_shown(made))
            case "DELETE", ["appRoleAssignments", id_]:
                given = found["appRoleAssignments"]
                given[:] = [one for one in given if one["id"] != id_]
                return httpx2.Response(204)
            case "POST", ["conditions", "applications", "includeApplications"]:
                found["conditions"]["applications"]["includeApplications"].append(
                    {"appId": body["appId"]}
                )
                return httpx2.Response(201, json=body)
        raise Refused(400, "BadRequest", f"Resource not found for the segment '{rest[0]}'.")

    def _check_ref(self, body: Any) -> None:
        if problem := problem_of("$ref", body, whole=True):
            raise Refused(400, "Request_BadRequest", problem)
        id_ = body["@odata.id"].rpartition("/")[2]
        if self._one("claimsMappingPolicies", "id", id_, visible=True) is None:
            raise Refused(404, "Request_ResourceNotFound", f"Resource '{id_}' does not exist.")

    def _page(
        self, objects: list[dict[str, Any]], query: dict[str, list[str]], path: str
    ) -> httpx2.Response:
        visible = [one for one in objects if one.get("seen", 0) <= self.clock]
        for condition in query.get("$filter", ()):
            visible = [one for one in visible if _matches(one, condition)]
        begin = int(query.get("$skiptoken", ["0"])[0])
        page: dict[str, Any] = {
            "value": [_shown(one) for one in visible[begin : begin + self.page]]
        }
        if begin + self.page < len(visible):
            link = f"https://graph.microsoft.com{path}?$skiptoken={begin + self.page}"
            page["@odata.nextLink"] = link
        return httpx2.Response(200, json=page)

    def _one(
        self, collection: str, name: str, value: str, *, visible: bool = False
    ) -> dict[str, Any] | None:
        found = (one for one in self.objects[collection] if one.get(name) == value)
        one = next(found, None)
        hidden = visible and one is not None and one["seen"] > self.clock
        return None if hidden else one


def _matches(one: dict[str, Any], condition: str) -> bool:
    """Return whether an object meets the condition; times and kinds of sign-ins are ignored."""
    match = re.fullmatch(r"(\w+) eq '(.*?)'( and createdDateTime ge .*)?", condition)
    if match is None:
        raise Refused(400, "BadRequest", f"Invalid filter clause: {condition}")
    return bool(one.get(match[1]) == match[2])


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    hidden = {"seen", "claimsMappingPolicies", "appRoleAssignments", "claimsPolicy"}
    return {name: value for name, value in one.items() if name not in hidden}


def _id() -> str:
    return str(uuid.uuid4())
