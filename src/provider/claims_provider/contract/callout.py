"""What Entra asks: the few fields of a Token Issuance Start callout that the function relies on.

Source: Entra's reference of the custom claims provider, and real payloads, which differ from it.
Only the two discriminators, ``tenantId`` and ``user.id`` can be relied on. Whatever Entra makes of
a field that is not here (the wire has changed between previews) cannot cost a sign-in.
"""

from dataclasses import dataclass
from typing import Any, Final

from claims_provider.contract.identifiers import canonical_guid

EVENT_TYPE: Final = "microsoft.graph.authenticationEvent.tokenIssuanceStart"
"""``type``; the official library compares it case-insensitively, and so do we."""

CALLOUT_DATA_TYPE: Final = "microsoft.graph.onTokenIssuanceStartCalloutData"
"""``data['@odata.type']``; compared exactly, as the official library does."""


@dataclass(frozen=True, slots=True)
class User:
    """Who signs in. Local accounts send no ``mail``, social accounts no ``userPrincipalName``."""

    id: str
    """A canonical GUID."""
    mail: str | None = None
    user_principal_name: str | None = None
    user_type: str | None = None


@dataclass(frozen=True, slots=True)
class Callout:
    """A sign-in: who, in which tenant, to which app, for which app. Ids are canonical GUIDs."""

    tenant_id: str
    user: User
    client_app_id: str | None = None
    resource_app_id: str | None = None
    correlation_id: str | None = None
    """What joins our log to Entra's sign-in log; ``None`` unless it is a GUID.

    Anything else is dropped rather than refused: it goes into logs and claims, and is needed for
    neither.
    """


def correlation_id_in(document: Any) -> str | None:
    """The correlation id in a body that may be no callout otherwise: its refusal is looked for."""
    for name in ("data", "authenticationContext", "correlationId"):
        document = document.get(name) if isinstance(document, dict) else None
    try:
        return canonical_guid(document) if isinstance(document, str) else None
    except ValueError:
        return None
