"""The function's environment → one frozen, validated object. Read once, at cold start."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from claims_provider.claims.key import AppKey, KeyScheme, UserKey
from claims_provider.contract.identifiers import canonical_guid
from claims_provider.contract.limits import (
    ENTRA_WAIT_MS_DEFAULT,
    ENTRA_WAIT_MS_MAX,
    ENTRA_WAIT_MS_MIN,
)
from claims_provider.errors import SettingsError


class CallerVerification(StrEnum):
    """Who makes sure that the caller is Entra."""

    GATEWAY = "gateway"
    NONE = "none"


class OnStoreFailure(StrEnum):
    """What a user gets while the table cannot be read: no token, or a token without claims."""

    FAIL = "fail"
    EMPTY = "empty"


class EchoClaim(StrEnum):
    """Claims the function can add by itself, for finding one's way in tests."""

    CORRELATION_ID = "correlationId"
    API_VERSION = "apiVersion"


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Guid = Annotated[str, AfterValidator(canonical_guid)]
Listed = BeforeValidator(_split)
"""A comma-separated list in one variable."""


class Settings(BaseModel):
    """Every variable the function reads, by its name in lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    table_name: Annotated[str, Field(min_length=1)]
    caller_verification: CallerVerification = CallerVerification.GATEWAY
    tenant_id: Guid
    token_issuer: str = ""
    """``iss`` of Entra's token. Required unless the door is open."""
    token_audiences: Annotated[tuple[str, ...], Listed] = ()
    """``aud`` of Entra's token: the app's GUID and ``api://`` URI. Required unless open."""
    entra_wait_ms: Annotated[int, Field(ge=ENTRA_WAIT_MS_MIN, le=ENTRA_WAIT_MS_MAX)] = (
        ENTRA_WAIT_MS_DEFAULT
    )
    """What the extension's ``timeoutInMilliseconds`` says."""
    on_store_failure: OnStoreFailure = OnStoreFailure.FAIL
    user_keys: Annotated[tuple[UserKey, ...], Listed, Field(min_length=1)] = (UserKey.ID,)
    address_keys_for_guests: bool = False
    address_key_claims: Annotated[frozenset[str], Listed] = frozenset()
    """The only claims that items found by address may give; empty: all."""
    app_key: AppKey = AppKey.CLIENT
    echo_claims: Annotated[frozenset[EchoClaim], Listed] = frozenset()

    @field_validator("token_issuer")
    @classmethod
    def _https(cls, issuer: str) -> str:
        if issuer and not issuer.startswith("https://"):
            message = "expected an https:// URL"
            raise ValueError(message)
        return issuer

    @model_validator(mode="after")
    def _caller_is_known(self) -> Self:
        if self.caller_verification is CallerVerification.GATEWAY and not (
            self.token_issuer and self.token_audiences
        ):
            message = (
                "TOKEN_ISSUER and TOKEN_AUDIENCES are required while CALLER_VERIFICATION is gateway"
            )
            raise ValueError(message)
        return self

    @property
    def key_scheme(self) -> KeyScheme:
        """How a user's items are found."""
        return KeyScheme(self.user_keys, self.app_key, self.address_keys_for_guests)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings that `environment` makes; an empty variable counts as absent.

    Raises `SettingsError`, naming every variable at fault.
    """
    values = {
        name.lower(): value for name, value in environment.items() if value and name.isupper()
    }
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("; ".join(map(_describe, error.errors(include_url=False)))) from None


def _describe(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"][:1]).upper()
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "missing":
        message = "required"
    return f"{name}: {message}" if name else message
