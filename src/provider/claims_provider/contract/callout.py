"""What Entra sends: the body of a Token Issuance Start callout, every documented field.

Source: Entra's reference of the custom claims provider, and real payloads, which differ from it.
Only the two discriminators, ``tenantId`` and ``user.id`` can be relied on. Unknown fields are
ignored at every level, null is as good as absent for every optional one, and a field that is never
read may hold anything: whatever Entra makes of it (the wire has changed between previews) cannot
cost a sign-in.

The function validates callouts by this model, and samples are made of it.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from claims_provider.contract.identifiers import canonical_guid, guid_or_none

Guid = Annotated[str, AfterValidator(canonical_guid)]
"""A GUID in any case; in lower case once it is read."""

Unread = Any
"""Documented, carried for the samples, never read: any JSON value passes."""


class _Wire(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, extra="ignore", frozen=True, validate_by_name=True, strict=True
    )


class ServicePrincipal(_Wire):
    """An application as the tenant knows it. A malformed ``appId`` is refused, none is fine."""

    id: Unread = None
    app_id: Guid | None = None
    app_display_name: Unread = None
    display_name: Unread = None


class User(_Wire):
    """Who signs in. Local accounts send no ``mail``, social accounts no ``userPrincipalName``."""

    id: Guid
    company_name: Unread = None
    created_date_time: Unread = None
    display_name: Unread = None
    given_name: Unread = None
    mail: str | None = None
    on_premises_sam_account_name: Unread = None
    on_premises_security_identifier: Unread = None
    on_premises_user_principal_name: Unread = None
    preferred_data_location: Unread = None
    preferred_language: Unread = None
    surname: Unread = None
    user_principal_name: str | None = None
    user_type: str | None = None


class AuthenticationContext(_Wire):
    """The sign-in: who, to which client, for which resource."""

    correlation_id: Annotated[str | None, BeforeValidator(guid_or_none)] = None
    """What joins our log to Entra's sign-in log; ``None`` unless it is a GUID.

    Anything else is dropped rather than refused: it goes into logs and claims, and is needed for
    neither.
    """
    client: Unread = None
    protocol: Unread = None
    client_service_principal: ServicePrincipal | None = None
    resource_service_principal: ServicePrincipal | None = None
    user: User


class CalloutData(_Wire):
    """``data`` of a callout."""

    odata_type: str = Field(alias="@odata.type")
    tenant_id: Guid
    authentication_event_listener_id: Unread = None
    custom_authentication_extension_id: Unread = None
    authentication_context: AuthenticationContext


class Callout(_Wire):
    """A whole callout. ``source`` authorises nothing: it names other apps in other events."""

    type: str
    source: Unread = None
    data: CalloutData

    @property
    def context(self) -> AuthenticationContext:
        """The sign-in this callout is about."""
        return self.data.authentication_context

    @property
    def tenant_id(self) -> str:
        """The user's tenant, a canonical GUID."""
        return self.data.tenant_id

    @property
    def user(self) -> User:
        """Who signs in."""
        return self.context.user

    @property
    def correlation_id(self) -> str | None:
        """What joins our log to Entra's sign-in log, a canonical GUID."""
        return self.context.correlation_id

    @property
    def client_app_id(self) -> str | None:
        """The application that is signed in to, a canonical GUID."""
        client = self.context.client_service_principal
        return None if client is None else client.app_id

    @property
    def resource_app_id(self) -> str | None:
        """The application that the token is for, a canonical GUID."""
        resource = self.context.resource_service_principal
        return None if resource is None else resource.app_id
