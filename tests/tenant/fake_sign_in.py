"""The result of a sign-in in a tenant of the fake Graph."""

import re
from typing import Any
from urllib.parse import urlsplit

from claimsctl.tenant.chain import CALLER_APP_ID, RECEIVE_ROLE_ID

Objects = dict[str, list[dict[str, Any]]]


def sign_in(objects: Objects, app_id: str, host: str) -> str:
    """Return how a sign-in to the application ends: ``plain``, ``enriched`` or an error code."""
    principal = _one(objects, "servicePrincipals", "appId", app_id)
    application = _one(objects, "applications", "appId", app_id)
    if principal is None or not principal["accountEnabled"]:
        return "AADSTS700016"
    accepts = application is not None and application["api"].get("acceptMappedClaims")
    if principal["claimsMappingPolicies"] and not accepts:
        return "AADSTS50146"
    for listener in objects["authenticationEventListeners"]:
        named = listener["conditions"]["applications"]
        included = named.get("includeApplications", [])
        in_all = named.get("includeAllApplications")
        if in_all or app_id in [one["appId"] for one in included]:
            called = _callout(objects, listener, host)
            enriched = called == "called" and principal["claimsMappingPolicies"]
            return "enriched" if enriched else called
    return "plain"


def _callout(  # noqa: PLR0911  # a code each
    objects: Objects, listener: dict[str, Any], host: str
) -> str:
    id_ = listener["handler"]["customExtension"]["id"]
    extension = _one(objects, "customAuthenticationExtensions", "id", id_)
    if extension is None:
        return "1003011"
    resource = extension["authenticationConfiguration"]["resourceId"]
    target = extension["endpointConfiguration"]["targetUrl"]
    app = next((one for one in objects["applications"] if resource in one["identifierUris"]), None)
    if not re.fullmatch(r"api://[^/]+/[0-9a-f-]{36}", resource) or app is None:
        return "1003014"
    if urlsplit(target).netloc != resource.split("/")[2]:
        return "1003015"
    principal = _one(objects, "servicePrincipals", "appId", app["appId"])
    if principal is None:
        return "1003016"
    if _one(objects, "servicePrincipals", "appId", CALLER_APP_ID) is None:
        return "AADB2C90063"
    roles = [one["appRoleId"] for one in principal["appRoleAssignments"]]
    if RECEIVE_ROLE_ID not in roles:
        return "1003021"
    return "called" if urlsplit(target).netloc == host else "1003027"


def _one(objects: Objects, collection: str, name: str, value: str) -> dict[str, Any] | None:
    return next((one for one in objects[collection] if one.get(name) == value), None)
