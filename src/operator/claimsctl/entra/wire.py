"""What Entra sends, whole: the body of a Token Issuance Start callout, every documented field.

Source: Entra's reference of the custom claims provider, and real payloads, which differ from it.
Samples are made of it. The function reads the few fields that it needs by itself, since pydantic is
a fifth of a cold start; a test holds the two to the same verdict about any body.
"""

from typing import Annotated, Any

from claims_provider.contract.identifiers import canonical_guid
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Guid = Annotated[str, AfterValidator(canonical_guid)]
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

    correlation_id: Unread = None
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
