"""The function's environment → one frozen, validated object. Read once, at cold start."""

import time
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from claims_provider.claims.key import AppKey, KeyScheme, UserKey
from claims_provider.contract.identifiers import canonical_guid
from claims_provider.contract.issuers import Issuer, issuers_of
from claims_provider.contract.limits import (
    ENTRA_WAIT_MS_DEFAULT,
    ENTRA_WAIT_MS_MAX,
    ENTRA_WAIT_MS_MIN,
)
from claims_provider.errors import SettingsError
from claims_provider.variables import Read, choice, integer, listed, moment, set_of, switch


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


def _as(read: Read) -> Mapping[str, Read]:
    return {"read": read}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every variable the function reads, by its name in lower case."""

    table_name: str = field(metadata=_as(str))
    caller_verification: CallerVerification = field(
        default=CallerVerification.GATEWAY, metadata=_as(choice(CallerVerification))
    )
    tenant_id: tuple[str, ...] = field(
        metadata=_as(listed(canonical_guid, at_least=1, at_most=TENANTS_MAX))
    )
    """One tenant; in function mode several, if need be."""
    token_issuer: tuple[str, ...] = field(default=(), metadata=_as(listed(str)))
    """``iss`` of Entra's token, of those that Entra uses for the tenant. One in gateway mode; in
    function mode all if empty."""
    token_audiences: tuple[str, ...] = field(default=(), metadata=_as(listed(str)))
    """``aud`` of Entra's token: the app's GUID and ``api://`` URI. Required unless open."""
    test_caller_app_ids: frozenset[str] = field(
        default=frozenset(), metadata=_as(set_of(canonical_guid))
    )
    """Apps let in beside Entra, for one's own tests."""
    test_callers_until: float = field(default=0.0, metadata=_as(moment))
    """When they are let in no more."""
    entra_wait_ms: int = field(
        default=ENTRA_WAIT_MS_DEFAULT, metadata=_as(integer(ENTRA_WAIT_MS_MIN, ENTRA_WAIT_MS_MAX))
    )
    """What the extension's ``timeoutInMilliseconds`` says."""
    on_store_failure: OnStoreFailure = field(
        default=OnStoreFailure.FAIL, metadata=_as(choice(OnStoreFailure))
    )
    user_keys: tuple[UserKey, ...] = field(
        default=(UserKey.ID,), metadata=_as(listed(choice(UserKey), at_least=1))
    )
    address_keys_for_guests: bool = field(default=False, metadata=_as(switch))
    address_key_claims: frozenset[str] = field(default=frozenset(), metadata=_as(set_of(str)))
    """The only claims that items found by address may give; empty: all."""
    app_key: AppKey = field(default=AppKey.CLIENT, metadata=_as(choice(AppKey)))
    echo_claims: frozenset[EchoClaim] = field(
        default=frozenset(), metadata=_as(set_of(choice(EchoClaim)))
    )

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for what does not go together."""
        self._check_caller()
        self._check_test_callers()

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
    """The settings that `environment` makes; an empty variable counts as absent.

    Raises `SettingsError`, naming every variable at fault.
    """
    values: dict[str, Any] = {}
    problems = []
    for variable in fields(Settings):
        name = variable.name.upper()
        text = environment.get(name)
        try:
            if text:
                values[variable.name] = variable.metadata["read"](text)
            elif variable.default is MISSING:
                problems.append(f"{name}: required")
        except ValueError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise SettingsError("; ".join(problems))
    try:
        return Settings(**values)
    except ValueError as error:
        raise SettingsError(str(error)) from None
