"""The function's environment → one frozen, validated object. Read once, at cold start."""

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from claims_provider.claims.key import AppKey, KeyScheme, UserKey
from claims_provider.contract.identifiers import canonical_guid
from claims_provider.contract.issuers import Issuer, issuers_of
from claims_provider.contract.limits import (
    ENTRA_WAIT_MS_DEFAULT,
    ENTRA_WAIT_MS_MAX,
    ENTRA_WAIT_MS_MIN,
)
from claims_provider.errors import SettingsError


class CallerVerification(StrEnum):
    """Who makes sure that the caller is Entra."""

    GATEWAY = "gateway"
    FUNCTION = "function"
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


TEST_CALLER_DAYS_MAX: Final = 31
"""How far ahead the end of test callers may lie: nobody removes what works for ever."""


TENANTS_MAX: Final = 10
"""Keys of three issuers each are fetched at cold start."""


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _epoch_seconds(value: object) -> object:
    if not isinstance(value, str):
        return value
    moment: datetime | None = None
    with suppress(ValueError):
        moment = datetime.fromisoformat(value)
    if moment is None or moment.tzinfo is None:
        message = "expected a date and time with its zone such as 2026-12-31T18:00:00Z"
        raise ValueError(message)
    return moment.timestamp()


Guid = Annotated[str, AfterValidator(canonical_guid)]
Moment = Annotated[float, BeforeValidator(_epoch_seconds)]
"""ISO 8601 with a zone, in epoch seconds."""
Listed = BeforeValidator(_split)
"""A comma-separated list in one variable."""


class Settings(BaseModel):
    """Every variable the function reads, by its name in lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    table_name: Annotated[str, Field(min_length=1)]
    caller_verification: CallerVerification = CallerVerification.GATEWAY
    tenant_id: Annotated[
        tuple[Guid, ...], Listed, AfterValidator(_once), Field(min_length=1, max_length=TENANTS_MAX)
    ]
    """One tenant; in function mode several, if need be."""
    token_issuer: Annotated[tuple[str, ...], Listed, AfterValidator(_once)] = ()
    """``iss`` of Entra's token, of those that Entra uses for the tenant. One in gateway mode; in
    function mode all if empty."""
    token_audiences: Annotated[tuple[str, ...], Listed] = ()
    """``aud`` of Entra's token: the app's GUID and ``api://`` URI. Required unless open."""
    test_caller_app_ids: Annotated[frozenset[Guid], Listed] = frozenset()
    """Apps let in beside Entra, for one's own tests."""
    test_callers_until: Moment = 0.0
    """When they are let in no more."""
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

    @model_validator(mode="after")
    def _caller_is_known(self) -> Self:
        if self.caller_verification is not CallerVerification.FUNCTION and len(self.tenant_id) > 1:
            message = (
                "TENANT_ID: several tenants are for CALLER_VERIFICATION=function; "
                "expected one, a JWT authorizer has one issuer"
            )
            raise ValueError(message)
        match self.caller_verification:
            case CallerVerification.GATEWAY if not (
                len(self.token_issuer) == 1 and self.token_audiences
            ):
                message = (
                    "TOKEN_ISSUER (one) and TOKEN_AUDIENCES are required while "
                    "CALLER_VERIFICATION is gateway"
                )
                raise ValueError(message)
            case CallerVerification.FUNCTION if not self.token_audiences:
                message = "TOKEN_AUDIENCES is required while CALLER_VERIFICATION is function"
                raise ValueError(message)
            case CallerVerification.GATEWAY | CallerVerification.FUNCTION:
                self._check_issuers()
        return self

    @model_validator(mode="after")
    def _test_callers_end(self) -> Self:
        if not self.test_caller_app_ids:
            return self
        ends_in = self.test_callers_until - time.time()
        if not self.test_callers_until or ends_in > TEST_CALLER_DAYS_MAX * 86_400:
            message = (
                "TEST_CALLERS_UNTIL: required with TEST_CALLER_APP_IDS, at most "
                f"{TEST_CALLER_DAYS_MAX} days ahead"
            )
            raise ValueError(message)
        return self

    def _check_issuers(self) -> None:
        known = {issuer.url for tenant in self.tenant_id for issuer in issuers_of(tenant)}
        for name in self.token_issuer:
            if name not in known:
                message = f"TOKEN_ISSUER: expected one of {', '.join(sorted(known))}"
                raise ValueError(message)

    @property
    def issuers(self) -> tuple[Issuer, ...]:
        """Whose tokens are accepted in function mode."""
        every = (issuer for tenant in self.tenant_id for issuer in issuers_of(tenant))
        return tuple(
            issuer for issuer in every if not self.token_issuer or issuer.url in self.token_issuer
        )

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
