"""The snapshot of a correct tenant, and functions that break each link of the chain."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from claimsctl.judge.attempt import Answer
from claimsctl.judge.judge import judge
from claimsctl.tenant.chain import CALLER_APP_ID, GRAPH_APP_ID

from tests.tenant.chains import OTHER_APP, TEST_APP, applied, chain_in, tenant_with_apps

Document = dict[str, Any]
_LISTED = "claimsForTokenConfiguration"

BODY = {
    "data": {
        "@odata.type": "microsoft.graph.onTokenIssuanceStartResponseData",
        "actions": [
            {
                "@odata.type": "microsoft.graph.tokenIssuanceStart.provideClaimsForToken",
                "claims": {"customRoles": ["Writer"], "dateOfBirth": "2000-01-01"},
            }
        ],
    }
}


ANSWER = judge(Answer(200, (("content-type", "application/json"),), json.dumps(BODY).encode()))


def good_document(folder: Path) -> Document:
    """Return the snapshot of a tenant with the whole chain."""
    fake, chain = tenant_with_apps(), chain_in(folder)
    included = [{"appId": TEST_APP}, {"appId": OTHER_APP}]
    conditions = {"applications": {"includeApplications": included}}
    fake.add("authenticationEventsFlows", displayName="flow", conditions=conditions)
    document: Document = json.loads(applied(fake, chain).text())
    return document


def _app(document: Document, app_id: str) -> Document:
    found: Document = next(one for one in document["applications"] if one["appId"] == app_id)
    return found


def principal_of(document: Document, app_id: str) -> Document:
    """Return the service principal of an application."""
    held = document["servicePrincipals"]
    found: Document = next(one for one in held if one["appId"] == app_id)
    return found


def _without(document: Document, app_id: str) -> None:
    document["servicePrincipals"] = [
        one for one in document["servicePrincipals"] if one["appId"] != app_id
    ]


def api_of(document: Document) -> Document:
    """Return the endpoint's app registration."""
    return next(one for one in document["applications"] if one["uniqueName"])


def extension_of(document: Document) -> Document:
    """Return the extension."""
    found: Document = document["extensions"][0]
    return found


def _set_uri(document: Document, uri: str) -> None:
    api_of(document)["identifierUris"] = [uri]
    extension_of(document)["authenticationConfiguration"]["resourceId"] = uri


def _definition(document: Document, change: Callable[[Document], None]) -> None:
    policy = document["policies"][0]
    inner = json.loads(policy["definition"][0])
    for entry in inner["ClaimsMappingPolicy"]["ClaimsSchema"]:
        change(entry)
    policy["definition"] = [json.dumps(inner)]


def _lower_id(entry: Document) -> None:
    entry["ID"] = entry["ID"].lower()


def _consent_elsewhere(document: Document) -> None:
    api = principal_of(document, api_of(document)["appId"])
    given = api["appRoleAssignments"]
    api["appRoleAssignments"] = []
    principal_of(document, TEST_APP)["appRoleAssignments"] = given


def _override(document: Document) -> None:
    configuration = {"clientConfiguration": {"timeoutInMilliseconds": 200}}
    document["listeners"][0]["handler"]["configuration"] = configuration


def _v1_audience(document: Document) -> None:
    app = _app(document, OTHER_APP)
    app["identifierUris"] = ["api://elsewhere.example"]


def unassigned(document: Document) -> None:
    """Unassign the policy of the second application."""
    principal_of(document, OTHER_APP)["claimsMappingPolicies"] = []


def _multi_tenant(document: Document) -> None:
    _app(document, TEST_APP)["signInAudience"] = "AzureADMultipleOrgs"


def _set(
    where: Callable[[Document], Document], name: str, value: object
) -> Callable[[Document], None]:
    return lambda document: where(document).__setitem__(name, value)


def _target(document: Document) -> Document:
    found: Document = extension_of(document)["endpointConfiguration"]
    return found


BROKEN: dict[str, tuple[Callable[[Document], None], set[str], int | None]] = {
    "no registration": (
        lambda d: d.__setitem__("applications", [_app(d, TEST_APP), _app(d, OTHER_APP)]),
        {"TEN001"},
        1003016,
    ),
    "v1 tokens": (
        lambda d: api_of(d)["api"].__setitem__("requestedAccessTokenVersion", None),
        {"TEN001"},
        None,
    ),
    "another URI form": (
        lambda d: _set_uri(d, "api://claims"),
        {"TEN002", "TEN003", "TEN023"},
        1003014,
    ),
    "hosts differ": (
        _set(_target, "targetUrl", "https://new.example/callout"),
        {"TEN003", "TEN009"},
        1003015,
    ),
    "http": (
        _set(_target, "targetUrl", "http://abc.execute-api.eu-central-1.amazonaws.com/callout"),
        {"TEN009"},
        1003020,
    ),
    "no API principal": (lambda d: _without(d, api_of(d)["appId"]), {"TEN004"}, 1003016),
    "API disabled": (
        lambda d: principal_of(d, api_of(d)["appId"]).update(accountEnabled=False),
        {"TEN005"},
        1003019,
    ),
    "assignment required": (
        lambda d: principal_of(d, api_of(d)["appId"]).update(appRoleAssignmentRequired=True),
        {"TEN005"},
        None,
    ),
    "no caller": (lambda d: _without(d, CALLER_APP_ID), {"TEN006"}, None),
    "no Graph": (lambda d: _without(d, GRAPH_APP_ID), {"TEN007"}, 1003022),
    "consent on the wrong app": (_consent_elsewhere, {"TEN008"}, 1003021),
    "no extension": (
        lambda d: d.__setitem__("extensions", []),
        {"TEN009", "TEN011", "TEN012", "TEN024"},
        1003011,
    ),
    "wait not set": (_set(extension_of, "clientConfiguration", None), {"TEN010"}, None),
    "listener overrides": (_override, {"TEN010"}, None),
    "stale extension id": (
        lambda d: d["listeners"][0]["handler"]["customExtension"].__setitem__("id", "gone"),
        {"TEN011", "TEN012", "TEN024"},
        1003011,
    ),
    "no listener": (lambda d: d.__setitem__("listeners", []), {"TEN011", "TEN012", "TEN024"}, None),
    "listener for all": (
        lambda d: d["listeners"][0].__setitem__(
            "conditions", {"applications": {"includeAllApplications": True}}
        ),
        {"TEN012"},
        None,
    ),
    "two listeners for an application": (
        lambda d: d["listeners"].append({**d["listeners"][0], "id": "second"}),
        {"TEN012"},
        None,
    ),
    "app without principal": (
        lambda d: _without(d, OTHER_APP),
        {"TEN013", "TEN012", "TEN024"},
        1003017,
    ),
    "app disabled": (
        lambda d: principal_of(d, TEST_APP).update(accountEnabled=False),
        {"TEN014"},
        1003018,
    ),
    "claims not accepted": (_set(lambda d: _app(d, TEST_APP), "api", None), {"TEN015"}, None),
    "multi-tenant": (_multi_tenant, {"TEN016"}, None),
    "v1 audience elsewhere": (_v1_audience, {"TEN017"}, None),
    "policy not assigned": (unassigned, {"TEN018", "TEN012", "TEN024"}, None),
    "policy and portal": (
        lambda d: principal_of(d, TEST_APP).update(hasPortalClaims=True),
        {"TEN018"},
        None,
    ),
    "definition is no JSON": (
        lambda d: d["policies"][0].__setitem__("definition", ["{ClaimsMappingPolicy}"]),
        {"TEN019", "TEN024"},
        None,
    ),
    "case differs": (lambda d: _definition(d, _lower_id), {"TEN020", "TEN024"}, None),
    "listed in another case": (
        _set(
            extension_of, "claimsForTokenConfiguration", [{"claimIdInApiResponse": "CUSTOMROLES"}]
        ),
        {"TEN026"},
        None,
    ),
    "listed and not answered": (
        _set(extension_of, _LISTED, [{"claimIdInApiResponse": "other"}]),
        {"TEN026"},
        None,
    ),
    "restricted name": (
        lambda d: _definition(d, lambda entry: entry.__setitem__("JwtClaimType", "roles")),
        {"TEN021", "TEN024"},
        None,
    ),
    "no user flow": (lambda d: d.__setitem__("userFlows", []), {"TEN022"}, None),
    "URI of an unverified host": (
        lambda d: _set_uri(d, "api://abc.execute-api.eu-central-1.amazonaws.com"),
        {"TEN002", "TEN023"},
        1003014,
    ),
}
