"""The properties of the used types in Microsoft Graph's public v1.0 metadata.

Source: ``clean_v10_metadata/cleanMetadata.xml`` of github.com/microsoftgraph/msgraph-metadata,
commit f54f11b60956ea7b185ca0447b2b80805836ec7b (2026-08-20). ``*`` marks what a POST must have, by
the API's reference page; ``[]`` a collection; a name in angle brackets another type of this table.
"""

TYPES: dict[str, dict[str, str]] = {
    "application": {
        "displayName": "str*",
        "identifierUris": "str[]",
        "signInAudience": "str",
        "api": "<apiApplication>",
        "requiredResourceAccess": "<requiredResourceAccess>[]",
    },
    "apiApplication": {"acceptMappedClaims": "bool", "requestedAccessTokenVersion": "int"},
    "requiredResourceAccess": {
        "resourceAppId": "str*",
        "resourceAccess": "<resourceAccess>[]",
    },
    "resourceAccess": {"id": "str*", "type": "str"},
    "servicePrincipal": {"appId": "str*"},
    "appRoleAssignment": {"principalId": "str*", "resourceId": "str*", "appRoleId": "str*"},
    "onTokenIssuanceStartCustomExtension": {
        "@odata.type": "str*",
        "displayName": "str*",
        "description": "str",
        "endpointConfiguration": "<httpRequestEndpoint>*",
        "authenticationConfiguration": "<azureAdTokenAuthentication>*",
        "clientConfiguration": "<customExtensionClientConfiguration>",
        "claimsForTokenConfiguration": "<onTokenIssuanceStartReturnClaim>[]",
    },
    "httpRequestEndpoint": {"@odata.type": "str*", "targetUrl": "str*"},
    "azureAdTokenAuthentication": {"@odata.type": "str*", "resourceId": "str*"},
    "customExtensionClientConfiguration": {
        "timeoutInMilliseconds": "int",
        "maximumRetries": "int",
    },
    "onTokenIssuanceStartReturnClaim": {"claimIdInApiResponse": "str*"},
    "onTokenIssuanceStartListener": {
        "@odata.type": "str*",
        "displayName": "str",
        "conditions": "<authenticationConditions>*",
        "handler": "<onTokenIssuanceStartCustomExtensionHandler>*",
    },
    "authenticationConditions": {"applications": "<authenticationConditionsApplications>"},
    "authenticationConditionsApplications": {
        "includeApplications": "<authenticationConditionApplication>[]",
    },
    "authenticationConditionApplication": {"@odata.type": "str", "appId": "str*"},
    "onTokenIssuanceStartCustomExtensionHandler": {
        "@odata.type": "str*",
        "customExtension": "<reference>*",
    },
    "reference": {"id": "str*"},
    "claimsMappingPolicy": {"definition": "str[]*", "displayName": "str*"},
    "$ref": {"@odata.id": "str*"},
}

_PLAIN = {"str": str, "bool": bool, "int": int}


def problem_of(  # noqa: PLR0911  # one problem after the other
    type_: str, body: object, *, whole: bool
) -> str:
    """Return the problem of a request's body; may be empty. `whole`: it creates the object."""
    if not isinstance(body, dict):
        return f"{type_}: expected an object"
    known = TYPES[type_]
    for name, value in body.items():
        if name not in known:
            return f"{type_}: no property {name}"
        wanted = known[name].rstrip("*")
        values = value if wanted.endswith("[]") else [value]
        if not isinstance(values, list):
            return f"{type_}.{name}: expected a collection"
        wanted = wanted.removesuffix("[]")
        for one in values:
            if wanted.startswith("<"):
                if problem := problem_of(wanted[1:-1], one, whole=True):
                    return problem
            elif type(one) is not _PLAIN[wanted]:
                return f"{type_}.{name}: expected {wanted}"
    if whole and (missing := [n for n, t in known.items() if t.endswith("*") and n not in body]):
        return f"{type_}: {missing[0]} is required"
    declared = body.get("@odata.type", f"#microsoft.graph.{type_}")
    return "" if declared.lstrip("#") == f"microsoft.graph.{type_}" else f"{type_}: is {declared}"
