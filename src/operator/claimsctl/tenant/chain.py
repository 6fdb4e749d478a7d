"""The objects and settings that Entra needs to call the endpoint and put its claims into a token.

Plan, apply, teardown, checks and documentation use `LINKS`. Sources: Microsoft Graph's public v1.0
metadata for property names and types, its reference for permissions, and Microsoft's error code
reference for the errors of a missing link.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

GRAPH_APP_ID: Final = "00000003-0000-0000-c000-000000000000"
CALLER_APP_ID: Final = "99045fe1-7639-4a75-9d4a-577b6ca3810f"
"""Microsoft's authentication-events service, which makes the callout."""
RECEIVE_ROLE_ID: Final = "214e810f-fda8-4fd7-a475-29461495eb00"
"""``CustomAuthenticationExtensions.Receive.Payload``, an app role of Microsoft Graph."""

PLACEHOLDER: Final = re.compile(r"\{([a-z-]+(?::[0-9a-f-]+)?)\.(id|appId)\}")
"""A placeholder for an id that does not exist yet: an object's key, and which of its ids."""

GRAPH_DOCS: Final = "https://learn.microsoft.com/graph/api"
AUDIT: Final = "AuditLog.Read.All"
"""The permission to read Entra's sign-in records, which contain the callouts."""
GRANTED_BY: Final = "a Privileged Role Administrator or Global Administrator"
"""Who can consent to an application permission on Microsoft Graph."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request to Microsoft Graph; placeholders such as ``{api.appId}`` mark unknown ids."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    version: str = "v1.0"

    @property
    def unknown(self) -> tuple[str, ...]:
        """Keys of the objects whose ids the request lacks."""
        text = self.path + json.dumps(self.body)
        return tuple(dict.fromkeys(match[1] for match in PLACEHOLDER.finditer(text)))

    def document(self) -> dict[str, Any]:
        """Return the request as a JSON object."""
        return {
            "method": self.method,
            "version": self.version,
            "path": self.path,
            "headers": self.headers,
            "body": self.body,
        }


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain."""

    id: str
    title: str
    why: str
    errors: tuple[str, ...]
    """The errors in the sign-in log, or shown to the user, while it is missing."""
    findings: tuple[str, ...]
    """The findings of ``claimsctl doctor tenant`` that cover it."""
    permissions: tuple[str, ...]
    """The least privileged application permissions on Microsoft Graph that create it."""
    portal: str
    """Where it is in the Microsoft Entra admin center."""
    doc: str


_APPLICATION = ("Application.ReadWrite.All",)
_POLICY = "Policy.ReadWrite.ApplicationConfiguration"

API: Final = Link(
    "api",
    "App registration of the endpoint",
    "Entra issues a token for this application and sends it to the endpoint.",
    ("1003016",),
    ("TEN001",),
    _APPLICATION,
    "App registrations > New registration; Manifest: api.requestedAccessTokenVersion 2",
    f"{GRAPH_DOCS}/application-upsert",
)
IDENTIFIER_URI: Final = Link(
    "identifier-uri",
    "Identifier URI api://HOST/APP_ID",
    "Entra calls a target URL only if the application's identifier URI has the same host.",
    ("1003014", "1003015", "HostNameNotOnVerifiedDomain"),
    ("TEN002", "TEN003"),
    _APPLICATION,
    "App registrations > the endpoint's > Expose an API > Application ID URI",
    f"{GRAPH_DOCS}/application-update",
)
API_PRINCIPAL: Final = Link(
    "api-principal",
    "Service principal of the endpoint's application",
    "A token is issued only for an application that has a service principal in the tenant.",
    ("1003016", "1003019", "AADSTS501051"),
    ("TEN004", "TEN005"),
    _APPLICATION,
    "Enterprise applications (the portal creates it with the registration)",
    f"{GRAPH_DOCS}/serviceprincipal-post-serviceprincipals",
)
CALLER_PRINCIPAL: Final = Link(
    "caller-principal",
    "Service principal of Entra's authentication-events service",
    "This service makes the callout; many external tenants lack its service principal.",
    ("AADB2C90063",),
    ("TEN006",),
    _APPLICATION,
    "not in the portal",
    f"{GRAPH_DOCS}/serviceprincipal-post-serviceprincipals",
)
CONSENT: Final = Link(
    "consent",
    "Consent to CustomAuthenticationExtensions.Receive.Payload",
    "Without it, on the endpoint's application, Entra sends no request.",
    ("1003021", "1003022"),
    ("TEN007", "TEN008"),
    ("AppRoleAssignment.ReadWrite.All", "Application.Read.All"),
    "App registrations > the endpoint's > API permissions > Grant admin consent",
    f"{GRAPH_DOCS}/serviceprincipal-post-approleassignments",
)
EXTENSION: Final = Link(
    "extension",
    "Custom authentication extension",
    "It contains the target URL, the application whose token Entra sends, and the timeout.",
    ("1003011", "1003015", "1003020", "1003005"),
    ("TEN009", "TEN010", "TEN026"),
    ("CustomAuthenticationExtension.ReadWrite.All",),
    "External Identities > Custom authentication extensions > Create",
    f"{GRAPH_DOCS}/identitycontainer-post-customauthenticationextensions",
)
APP_PRINCIPAL: Final = Link(
    "app-principal",
    "Service principal of the application to enrich",
    "The policy and the listener apply to the service principal of the token's audience.",
    ("1003017", "1003018"),
    ("TEN013", "TEN014"),
    _APPLICATION,
    "Enterprise applications",
    f"{GRAPH_DOCS}/serviceprincipal-post-serviceprincipals",
)
MAPPED_CLAIMS: Final = Link(
    "mapped-claims",
    "The application accepts mapped claims",
    "It must be set before any policy is assigned, or every sign-in to the application fails.",
    ("AADSTS50146", "AADSTS501461"),
    ("TEN015", "TEN016", "TEN017"),
    _APPLICATION,
    "App registrations > the application > Manifest: api.acceptMappedClaims true",
    f"{GRAPH_DOCS}/application-update",
)
POLICY: Final = Link(
    "policy",
    "Claims mapping policy of the application",
    "Entra drops a claim that the endpoint returns but no policy names.",
    (),
    ("TEN018", "TEN019", "TEN020", "TEN021", "TEN024"),
    (_POLICY,),
    "Enterprise applications > the application > Single sign-on > Attributes & Claims",
    f"{GRAPH_DOCS}/claimsmappingpolicy-post-claimsmappingpolicies",
)
ASSIGNMENT: Final = Link(
    "assignment",
    "The policy is assigned to the application",
    "A policy applies only to the service principal of the token's audience.",
    (),
    ("TEN018",),
    (_POLICY, "Application.ReadWrite.All"),
    "Attributes & Claims, as for the policy",
    f"{GRAPH_DOCS}/serviceprincipal-post-claimsmappingpolicies",
)
USER_FLOW: Final = Link(
    "user-flow",
    "The application belongs to a user flow",
    "In an external tenant, users can sign in only to applications that belong to a user flow.",
    (),
    ("TEN022",),
    ("EventListener.ReadWrite.All",),
    "External Identities > User flows > the flow > Applications",
    f"{GRAPH_DOCS}/authenticationconditionsapplications-post-includeapplications",
)
LISTENER: Final = Link(
    "listener",
    "Listener",
    "It makes Entra call the endpoint at each sign-in to its applications. Create it last and"
    " remove it first: while it exists, sign-ins to them fail if the endpoint does not answer.",
    (),
    ("TEN011", "TEN012"),
    ("EventListener.ReadWrite.All",),
    "Enterprise applications > the application > Single sign-on > Attributes & Claims >"
    " Advanced settings > Custom claims provider",
    f"{GRAPH_DOCS}/identitycontainer-post-authenticationeventlisteners",
)

LINKS: Final = (
    API,
    IDENTIFIER_URI,
    API_PRINCIPAL,
    CALLER_PRINCIPAL,
    CONSENT,
    EXTENSION,
    APP_PRINCIPAL,
    MAPPED_CLAIMS,
    POLICY,
    ASSIGNMENT,
    USER_FLOW,
    LISTENER,
)
"""In the order in which apply creates them; teardown uses the reverse order."""


def permissions_of(links: tuple[Link, ...] = LINKS) -> tuple[str, ...]:
    """Return every permission that the links need, without duplicates, in their order."""
    return tuple(dict.fromkeys(name for link in links for name in link.permissions))
