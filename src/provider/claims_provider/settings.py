"""The function's settings: a frozen, validated object, read from the environment at cold start."""

import time
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

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
from claims_provider.contract.callout import Guid
from claims_provider.contract.issuers import Issuer, issuers_of
from claims_provider.contract.limits import (
    ENTRA_WAIT_MS_DEFAULT,
    ENTRA_WAIT_MS_MAX,
    ENTRA_WAIT_MS_MIN,
)
from claims_provider.errors import SettingsError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class CallerVerification(StrEnum):
    """What verifies that the caller is Entra."""

    GATEWAY = "gateway"
    FUNCTION = "function"
    NONE = "none"


class OnStoreFailure(StrEnum):
    """What users get while the table cannot be read: no token, or a token without claims."""

    FAIL = "fail"
    EMPTY = "empty"


class EchoClaim(StrEnum):
    """Claims that the function itself can add, for tests."""

    CORRELATION_ID = "correlationId"
    API_VERSION = "apiVersion"


TEST_CALLER_DAYS_MAX: Final = 31
"""The latest end of test callers, so that they do not stay forever."""

TENANTS_MAX: Final = 10
"""The most tenants: at cold start, the keys of three issuers are fetched for each."""

_WAIT_RANGE = f"expected an integer from {ENTRA_WAIT_MS_MIN} to {ENTRA_WAIT_MS_MAX}"
_EXPECTED: Final = {
    "bool_parsing": "expected true or false",
    "int_parsing": _WAIT_RANGE,
    "greater_than_equal": _WAIT_RANGE,
    "less_than_equal": _WAIT_RANGE,
}
"""What was expected, by pydantic's error type, if its own message is unclear."""


def _split(text: object) -> object:
    """Return the parts of a comma-separated list, without surrounding spaces and empty parts."""
    if not isinstance(text, str):
        return text
    return tuple(part for part in map(str.strip, text.split(",")) if part)


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


def _moment(text: str) -> float:
    """Return an ISO 8601 time with a time zone in epoch seconds."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min  # noqa: DTZ901  # as wrong as one without a zone
    if moment.tzinfo is None:
        message = f"expected a time with its zone such as 2026-12-31T18:00:00Z, found '{text}'"
        raise ValueError(message)
    return moment.timestamp()


_Separated = BeforeValidator(_split)
_Distinct = AfterValidator(_distinct)


class Settings(BaseModel):
    """Every variable that the function reads, by its name in lower case."""

    model_config = ConfigDict(alias_generator=str.upper, extra="ignore", frozen=True)

    table_name: str
    caller_verification: CallerVerification = CallerVerification.GATEWAY
    tenant_id: Annotated[
        tuple[Guid, ...], _Separated, _Distinct, Field(min_length=1, max_length=TENANTS_MAX)
    ]
    """One tenant, or several in function mode."""
    token_issuer: Annotated[tuple[str, ...], _Separated, _Distinct] = ()
    """The accepted ``iss``, from those that Entra uses for the tenant. Exactly one in gateway mode;
    in function mode, empty means all."""
    token_audiences: Annotated[tuple[str, ...], _Separated, _Distinct] = ()
    """The accepted ``aud``: the app's GUID and ``api://`` URI. Required unless callers are not
    verified."""
    test_caller_app_ids: Annotated[frozenset[Guid], _Separated] = frozenset()
    """Apps that are accepted in addition to Entra, for tests."""
    test_callers_until: Annotated[float, BeforeValidator(_moment)] = 0.0
    """The end of the test callers, in epoch seconds."""
    entra_wait_ms: Annotated[int, Field(ge=ENTRA_WAIT_MS_MIN, le=ENTRA_WAIT_MS_MAX)] = (
        ENTRA_WAIT_MS_DEFAULT
    )
    """The extension's ``timeoutInMilliseconds``."""
    on_store_failure: OnStoreFailure = OnStoreFailure.FAIL
    user_keys: Annotated[tuple[UserKey, ...], _Separated, _Distinct, Field(min_length=1)] = (
        UserKey.ID,
    )
    address_keys_for_guests: bool = False
    address_key_claims: Annotated[frozenset[str], _Separated] = frozenset()
    """The only claims that items found by address may provide; empty means all."""
    app_key: AppKey = AppKey.CLIENT
    echo_claims: Annotated[frozenset[EchoClaim], _Separated] = frozenset()

    @model_validator(mode="after")
    def _check_what_goes_together(self) -> Self:
        self._check_caller()
        self._check_test_callers()
        return self

    def _check_caller(self) -> None:
        if self.caller_verification is not CallerVerification.FUNCTION and len(self.tenant_id) > 1:
            message = (
                "TENANT_ID: expected one tenant, because a JWT authorizer has one issuer; "
                "several tenants require CALLER_VERIFICATION=function"
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

    def _check_test_callers(self) -> None:
        if not self.test_caller_app_ids:
            return
        ends_in = self.test_callers_until - time.time()
        if not self.test_callers_until or ends_in > TEST_CALLER_DAYS_MAX * 86_400:
            message = (
                "TEST_CALLERS_UNTIL: required with TEST_CALLER_APP_IDS, at most "
                f"{TEST_CALLER_DAYS_MAX} days ahead"
            )
            raise ValueError(message)

    def _check_issuers(self) -> None:
        known = {issuer.url for tenant in self.tenant_id for issuer in issuers_of(tenant)}
        for name in self.token_issuer:
            if name not in known:
                message = f"TOKEN_ISSUER: expected one of {', '.join(sorted(known))}"
                raise ValueError(message)

    @property
    def issuers(self) -> tuple[Issuer, ...]:
        """Return the issuers whose tokens are accepted in function mode."""
        every = (issuer for tenant in self.tenant_id for issuer in issuers_of(tenant))
        return tuple(
            issuer for issuer in every if not self.token_issuer or issuer.url in self.token_issuer
        )

    @property
    def key_scheme(self) -> KeyScheme:
        """Return how a user's items are found."""
        return KeyScheme(self.user_keys, self.app_key, self.address_keys_for_guests)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings in `environment`; an empty variable counts as absent.

    Raises `SettingsError`, naming every wrong variable.
    """
    try:
        return Settings.model_validate({name: text for name, text in environment.items() if text})
    except ValidationError as error:
        faults = error.errors(include_url=False)
    raise SettingsError("; ".join(map(_message, faults)))


def _message(fault: "ErrorDetails") -> str:
    """Return the error of one variable: its name, what was expected, what was found."""
    if not fault["loc"]:  # the message for conflicting variables names them itself
        return str(fault["ctx"]["error"])
    name, kind = fault["loc"][0], fault["type"]
    match kind:
        case "missing":
            return f"{name}: required"
        case "value_error":
            return f"{name}: {fault['ctx']['error']}"
        case "too_short":
            return f"{name}: expected at least {fault['ctx']['min_length']}, found none"
        case "too_long":
            found = fault["ctx"]["actual_length"]
            return f"{name}: expected at most {fault['ctx']['max_length']}, found {found}"
    expected = _EXPECTED.get(kind, fault["msg"].replace("Input should be", "expected"))
    return f"{name}: {expected}, found '{fault['input']}'"
