"""The body of a Token Issuance Start callout, with every documented field.

Source: Entra's reference of the custom claims provider, and real payloads, which differ from it.
Only the two discriminators, ``tenantId`` and ``user.id`` are required. Unknown fields are ignored
at every level, null means absent for every optional field, and a field that is never read may
contain any value, so that a change by Entra (the payload changed between previews) cannot break
a sign-in.

The function validates callouts with this model, and the samples are generated from it.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from claims_provider.contract.identifiers import canonical_guid, guid_or_none

Guid = Annotated[str, AfterValidator(canonical_guid)]
"""A GUID in any case, converted to lower case."""

Unread = Any
"""A documented field that is only used in samples and never read; any JSON value is valid."""


class _Wire(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, extra="ignore", frozen=True, validate_by_name=True, strict=True
    )


class ServicePrincipal(_Wire):
    """A service principal. A malformed ``appId`` is refused; it may be absent."""

    id: Unread = None
    app_id: Guid | None = None
    app_display_name: Unread = None
    display_name: Unread = None


class User(_Wire):
    """The user. Local accounts have no ``mail``, social accounts no ``userPrincipalName``."""

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
    """The sign-in: the user, the client and the resource."""

    correlation_id: Annotated[str | None, BeforeValidator(guid_or_none)] = None
    """Joins the function's log to Entra's sign-in log; ``None`` unless it is a GUID.

    Any other value is dropped and not refused: it is written to logs and claims, but neither needs
    it.
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
    """A whole callout. ``source`` authorises nothing; it names other apps in other events."""

    type: str
    source: Unread = None
    data: CalloutData

    @property
    def context(self) -> AuthenticationContext:
        """Return the sign-in of this callout."""
        return self.data.authentication_context

    @property
    def tenant_id(self) -> str:
        """Return the user's tenant, a canonical GUID."""
        return self.data.tenant_id

    @property
    def user(self) -> User:
        """Return the user who signs in."""
        return self.context.user

    @property
    def correlation_id(self) -> str | None:
        """Return the id that joins the log to Entra's sign-in log, a canonical GUID."""
        return self.context.correlation_id

    @property
    def client_app_id(self) -> str | None:
        """Return the application that the user signs in to, a canonical GUID."""
        client = self.context.client_service_principal
        return None if client is None else client.app_id

    @property
    def resource_app_id(self) -> str | None:
        """Return the application that the token is for, a canonical GUID."""
        resource = self.context.resource_service_principal
        return None if resource is None else resource.app_id
