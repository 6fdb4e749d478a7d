"""A model of a tenant's objects of the chain, and the snapshot file.

Only the properties in this module are kept, so a snapshot contains no secret, key or user.
Sources: Microsoft Graph's public metadata, v1.0; for ``customClaimsPolicy`` and
``includeAllApplications``, Graph's beta reference.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from claimsctl.errors import OperatorError
from claimsctl.judge.json_positions import read_json

FORMAT: Final = 1


class _Object(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True
    )


def _none_is_empty(value: Any) -> Any:
    return [] if value is None else value


_EMPTY = BeforeValidator(_none_is_empty)


class Api(_Object):
    """``apiApplication``."""

    accept_mapped_claims: bool | None = None
    requested_access_token_version: int | None = None


class Application(_Object):
    """``application``: an app registration."""

    id: str
    app_id: str
    display_name: str | None = None
    unique_name: str | None = None
    identifier_uris: Annotated[tuple[str, ...], _EMPTY] = ()
    sign_in_audience: str | None = None
    api: Api | None = None

    @property
    def token_version(self) -> int:
        """The version of its access tokens; null means 1."""
        return (self.api and self.api.requested_access_token_version) or 1


class RoleAssignment(_Object):
    """``appRoleAssignment``."""

    id: str = ""
    app_role_id: str
    resource_id: str | None = None


class ServicePrincipal(_Object):
    """``servicePrincipal``, with its assignments."""

    id: str
    app_id: str
    display_name: str | None = None
    account_enabled: bool | None = None
    app_role_assignment_required: bool | None = None
    preferred_token_signing_key_thumbprint: str | None = None
    app_role_assignments: Annotated[tuple[RoleAssignment, ...], _EMPTY] = ()
    claims_mapping_policies: Annotated[tuple[str, ...], _EMPTY] = ()
    """Ids of the policies assigned to it."""
    portal_claims: Annotated[tuple[str, ...], _EMPTY] = ()
    """The ids of a claims provider's claims in the portal's Attributes & Claims."""
    has_portal_claims: bool | None = None
    """Whether it has a ``customClaimsPolicy`` that names a claim; ``None`` if not read."""


class ClientConfiguration(_Object):
    """``customExtensionClientConfiguration``."""

    timeout_in_milliseconds: int | None = None
    maximum_retries: int | None = None


class EndpointConfiguration(_Object):
    """``httpRequestEndpoint``."""

    target_url: str | None = None


class AuthenticationConfiguration(_Object):
    """``azureAdTokenAuthentication``."""

    resource_id: str | None = None


class ReturnClaim(_Object):
    """``onTokenIssuanceStartReturnClaim``."""

    claim_id_in_api_response: str | None = None


class Extension(_Object):
    """``onTokenIssuanceStartCustomExtension``."""

    id: str
    display_name: str | None = None
    endpoint_configuration: EndpointConfiguration | None = None
    authentication_configuration: AuthenticationConfiguration | None = None
    client_configuration: ClientConfiguration | None = None
    claims_for_token_configuration: Annotated[tuple[ReturnClaim, ...], _EMPTY] = ()
    """The claims that the portal offers for mapping; it is not documented that Entra uses them."""

    @property
    def claim_ids(self) -> tuple[str, ...]:
        """The names of the listed claims, as the endpoint must return them."""
        listed = (one.claim_id_in_api_response for one in self.claims_for_token_configuration)
        return tuple(name for name in listed if name)

    @property
    def target_url(self) -> str:
        """Empty for none."""
        return (self.endpoint_configuration and self.endpoint_configuration.target_url) or ""

    @property
    def resource_id(self) -> str:
        """Empty for none."""
        held = self.authentication_configuration
        return (held and held.resource_id) or ""

    @property
    def app_id(self) -> str:
        """The app id at the end of its resourceId."""
        return self.resource_id.rpartition("/")[2].lower()


class ConditionApplication(_Object):
    """``authenticationConditionApplication``."""

    app_id: str


class ConditionsApplications(_Object):
    """``authenticationConditionsApplications``."""

    include_applications: Annotated[tuple[ConditionApplication, ...], _EMPTY] = ()
    include_all_applications: bool | None = None


class Conditions(_Object):
    """``authenticationConditions``."""

    applications: ConditionsApplications | None = None


class ExtensionReference(_Object):
    """The extension that a handler names."""

    id: str


class HandlerConfiguration(_Object):
    """``customExtensionOverwriteConfiguration``."""

    client_configuration: ClientConfiguration | None = None


class Handler(_Object):
    """``onTokenIssuanceStartCustomExtensionHandler``."""

    custom_extension: ExtensionReference | None = None
    configuration: HandlerConfiguration | None = None


class _Conditional(_Object):
    id: str
    display_name: str | None = None
    conditions: Conditions | None = None

    @property
    def app_ids(self) -> tuple[str, ...]:
        """The applications that it names."""
        named = self.conditions and self.conditions.applications
        return tuple(one.app_id.lower() for one in named.include_applications) if named else ()


class Listener(_Conditional):
    """``onTokenIssuanceStartListener``."""

    handler: Handler | None = None

    @property
    def is_for_all(self) -> bool:
        """Whether it applies to every application of the tenant, if Graph reports this."""
        named = self.conditions and self.conditions.applications
        return bool(named and named.include_all_applications)

    @property
    def extension_id(self) -> str:
        """Empty for none."""
        named = self.handler and self.handler.custom_extension
        return named.id if named else ""


class UserFlow(_Conditional):
    """``externalUsersSelfServiceSignUpEventsFlow``."""


class Policy(_Object):
    """``claimsMappingPolicy``."""

    id: str
    display_name: str | None = None
    definition: Annotated[tuple[str, ...], _EMPTY] = ()


class Snapshot(_Object):
    """The tenant's objects of the chain."""

    snapshot_format: Literal[1] = FORMAT
    tenant_id: str
    taken_at: str = ""
    verified_domains: tuple[str, ...] | None = None
    """``None`` if not read."""
    applications: tuple[Application, ...] = ()
    service_principals: tuple[ServicePrincipal, ...] = ()
    extensions: tuple[Extension, ...] = ()
    listeners: tuple[Listener, ...] = ()
    policies: tuple[Policy, ...] = ()
    user_flows: tuple[UserFlow, ...] | None = None
    """``None`` if not read."""
    not_read: dict[str, str] = Field(default_factory=dict)
    """What could not be read, and why."""

    def application(self, app_id: str) -> Application | None:
        """Return the app registration with that app id."""
        wanted = app_id.lower()
        return next((one for one in self.applications if one.app_id.lower() == wanted), None)

    def principal(self, app_id: str) -> ServicePrincipal | None:
        """Return the service principal with that app id."""
        wanted = app_id.lower()
        return next((one for one in self.service_principals if one.app_id.lower() == wanted), None)

    def extension(self, id_: str) -> Extension | None:
        """Return the extension with that id."""
        return next((one for one in self.extensions if one.id.lower() == id_.lower()), None)

    def policy(self, id_: str) -> Policy | None:
        """Return the claims mapping policy with that id."""
        return next((one for one in self.policies if one.id == id_), None)

    def text(self) -> str:
        """Return the file's text."""
        document = self.model_dump(mode="json", by_alias=True)
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


_MESSAGES: Final = {
    "missing": "missing",
    "model_type": "expected an object",
    "tuple_type": "expected a list",
    "string_type": "expected a string",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "int_type": "expected a number",
    "int_parsing": "expected a number",
}
"""What a snapshot's model reports, without pydantic's wording."""


def read_snapshot(path: Path, raw: bytes) -> Snapshot:
    """Read a snapshot. Raises `OperatorError` that names the file, line and key."""
    try:
        text = raw.decode("utf-8-sig")
        document = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        message = f"{path}:{error.lineno}: not JSON: {error.msg}"
        raise OperatorError(message) from None
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        message = f"{path}: not JSON: {error}"
        raise OperatorError(message) from None
    try:
        return Snapshot.model_validate(document)
    except ValidationError as error:
        problems = error.errors()
        lines = [
            _problem(path, text, one["loc"], _MESSAGES.get(one["type"], one["msg"]))
            for one in problems
        ]
        message = f"{path}: not a snapshot of a tenant; create one with claimsctl entra snapshot"
        raise OperatorError(message, lines=lines) from None


def _no_number(name: str) -> float:
    message = f"found {name}, expected a JSON value"
    raise ValueError(message)


def _problem(path: Path, text: str, where: tuple[int | str, ...], message: str) -> str:
    value = read_json(text)
    for part in where:
        value = next((item for item in value.items if item.key == part), value)
    line = text.count("\n", 0, value.start) + 1
    return f"{path}:{line}: {'.'.join(map(str, where)) or 'the document'}: {message}"
