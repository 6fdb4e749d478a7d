"""All errors of a callout, by stable code."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class ErrorCode(StrEnum):
    """The ``code`` of a problem+json answer and ``outcome`` of a log line. Never renamed."""

    ENVELOPE_UNKNOWN = "envelope-unknown"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    BODY_TOO_LARGE = "body-too-large"
    CALLER_REFUSED = "caller-refused"
    KEYS_UNAVAILABLE = "keys-unavailable"
    CONTENT_TYPE_UNSUPPORTED = "content-type-unsupported"
    BODY_NOT_BASE64 = "body-not-base64"
    BODY_EMPTY = "body-empty"
    BODY_NOT_UTF8 = "body-not-utf8"
    BODY_NOT_JSON = "body-not-json"
    BODY_NOT_OBJECT = "body-not-object"
    BODY_TOO_DEEP = "body-too-deep"
    BODY_DUPLICATE_KEY = "body-duplicate-key"
    EVENT_TYPE_UNSUPPORTED = "event-type-unsupported"
    DATA_TYPE_UNSUPPORTED = "data-type-unsupported"
    FIELD_MISSING = "field-missing"
    FIELD_MALFORMED = "field-malformed"
    STORE_FAILURE = "store-failure"
    CLAIMS_TOO_LARGE = "claims-too-large"
    INTERNAL_ERROR = "internal-error"


class CalloutError(Exception):
    """A callout that gets no claims, with the reason.

    `detail` and `field` are part of the answer, so they never contain request data or stored
    values. `evidence` is written to the operator's log only, and never contains a token, claim
    value, address or name.
    """

    def __init__(
        self,
        code: ErrorCode,
        detail: str | None = None,
        *,
        field: str | None = None,
        evidence: Mapping[str, str | int] = MappingProxyType({}),
    ) -> None:
        super().__init__(code.value if detail is None else f"{code.value}: {detail}")
        self.code = code
        self.detail = detail
        self.field = field
        self.evidence = evidence


class RefusalReason(StrEnum):
    """Why a caller was refused; for log and metric only. The answer is always the same 401."""

    MISSING = "missing"
    ENVELOPE = "envelope"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown-key"
    SIGNATURE = "signature"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    VERSION = "version"
    CALLER = "caller"
    TENANT = "tenant"


class CallerRefused(CalloutError):  # noqa: N818  # says what happened
    """The caller is not Entra for this tenant and app. The answer does not give the reason."""

    def __init__(self, reason: RefusalReason, **evidence: str | int) -> None:
        super().__init__(ErrorCode.CALLER_REFUSED, evidence={"reason": reason.value, **evidence})
        self.reason = reason


class KeysUnavailable(CalloutError):  # noqa: N818  # says what happened
    """The function has no key of the token's issuer, and the key server does not answer."""

    def __init__(self, issuer: str, error: str) -> None:
        super().__init__(ErrorCode.KEYS_UNAVAILABLE, evidence={"issuer": issuer, "error": error})


class StoreFailureReason(StrEnum):
    """Why the table could not be read."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    CREDENTIALS = "credentials"
    THROTTLED = "throttled"
    SERVER_ERROR = "server-error"
    REFUSED = "refused"
    GARBAGE = "garbage"
    UNPROCESSED = "unprocessed"
    UNREADABLE_ITEM = "unreadable-item"
    WORKERS_STUCK = "workers-stuck"


class StoreFailure(CalloutError):  # noqa: N818  # says what happened
    """The table could not be read, or not in time. Never treated as "no such item"."""

    def __init__(self, reason: StoreFailureReason, **evidence: str | int) -> None:
        super().__init__(ErrorCode.STORE_FAILURE, evidence={"reason": reason.value, **evidence})
        self.reason = reason


class SettingsError(Exception):
    """The environment is not a valid configuration; the message names every wrong variable."""
