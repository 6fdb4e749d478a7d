"""The function's environment → one frozen, validated object. Read once, at cold start."""

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


TEST_CALLER_DAYS_MAX: Final = 31
"""How far ahead the end of test callers may lie: nobody removes what works for ever."""

TENANTS_MAX: Final = 10
"""Keys of three issuers each are fetched at cold start."""

_WAIT_RANGE = f"expected an integer from {ENTRA_WAIT_MS_MIN} to {ENTRA_WAIT_MS_MAX}"
_EXPECTED: Final = {
    "bool_parsing": "expected true or false",
    "int_parsing": _WAIT_RANGE,
    "greater_than_equal": _WAIT_RANGE,
    "less_than_equal": _WAIT_RANGE,
}
"""What was expected, by pydantic's type of error, where its own words are not the plainest."""


def _split(text: object) -> object:
    """The parts of a comma-separated list; spaces around commas and empty parts do not count."""
    if not isinstance(text, str):
        return text
    return tuple(part for part in map(str.strip, text.split(",")) if part)


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


def _moment(text: str) -> float:
    """ISO 8601 with a zone, in epoch seconds."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min  # noqa: DTZ901  # as wrong as one without a zone
    if moment.tzinfo is None:
        message = (
            f"expected a date and time with its zone such as 2026-12-31T18:00:00Z, found {text!r}"
        )
        raise ValueError(message)
    return moment.timestamp()


_Separated = BeforeValidator(_split)
_Distinct = AfterValidator(_distinct)


class Settings(BaseModel):
    """Every variable the function reads, by its name in lower case."""

    model_config = ConfigDict(alias_generator=str.upper, extra="ignore", frozen=True)

    table_name: str
    caller_verification: CallerVerification = CallerVerification.GATEWAY
    tenant_id: Annotated[
        tuple[Guid, ...], _Separated, _Distinct, Field(min_length=1, max_length=TENANTS_MAX)
    ]
    """One tenant; in function mode several, if need be."""
    token_issuer: Annotated[tuple[str, ...], _Separated, _Distinct] = ()
    """``iss`` of Entra's token, of those that Entra uses for the tenant. One in gateway mode; in
    function mode all if empty."""
    token_audiences: Annotated[tuple[str, ...], _Separated, _Distinct] = ()
    """``aud`` of Entra's token: the app's GUID and ``api://`` URI. Required unless nothing is
    verified."""
    test_caller_app_ids: Annotated[frozenset[Guid], _Separated] = frozenset()
    """Apps let in besides Entra, for one's own tests."""
    test_callers_until: Annotated[float, BeforeValidator(_moment)] = 0.0
    """When they are let in no more, in epoch seconds."""
    entra_wait_ms: Annotated[int, Field(ge=ENTRA_WAIT_MS_MIN, le=ENTRA_WAIT_MS_MAX)] = (
        ENTRA_WAIT_MS_DEFAULT
    )
    """What the extension's ``timeoutInMilliseconds`` says."""
    on_store_failure: OnStoreFailure = OnStoreFailure.FAIL
    user_keys: Annotated[tuple[UserKey, ...], _Separated, _Distinct, Field(min_length=1)] = (
        UserKey.ID,
    )
    address_keys_for_guests: bool = False
    address_key_claims: Annotated[frozenset[str], _Separated] = frozenset()
    """The only claims that items found by address may give; empty: all."""
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
    """The settings in `environment`; an empty variable counts as absent.

    Raises `SettingsError`, naming every variable at fault.
    """
    try:
        return Settings.model_validate({name: text for name, text in environment.items() if text})
    except ValidationError as error:
        faults = error.errors(include_url=False)
    raise SettingsError("; ".join(map(_message, faults)))


def _message(fault: "ErrorDetails") -> str:
    """What is wrong with one variable: its name, what was expected, what was found."""
    if not fault["loc"]:  # what does not go together names its variables itself
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
    return f"{name}: {expected}, found {fault['input']!r}"
