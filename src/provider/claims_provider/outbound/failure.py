"""The table of errors: status, title and metric of each code."""

from dataclasses import dataclass
from typing import Any, Final

from claims_provider.errors import CalloutError, ErrorCode
from claims_provider.outbound.response import problem_response


@dataclass(frozen=True, slots=True)
class Failure:
    """The answer and metric of an error code."""

    status: int
    title: str
    metric: str


_BAD_REQUEST: Final = "BadRequest"

FAILURES: Final[dict[ErrorCode, Failure]] = {
    ErrorCode.ENVELOPE_UNKNOWN: Failure(400, "Not an HTTP event", _BAD_REQUEST),
    ErrorCode.METHOD_NOT_ALLOWED: Failure(405, "Method not allowed", _BAD_REQUEST),
    ErrorCode.BODY_TOO_LARGE: Failure(413, "Body too large", _BAD_REQUEST),
    ErrorCode.CALLER_REFUSED: Failure(401, "Caller refused", "CallerRefused"),
    ErrorCode.KEYS_UNAVAILABLE: Failure(503, "Signing keys are not available", "KeysUnavailable"),
    ErrorCode.CONTENT_TYPE_UNSUPPORTED: Failure(415, "Unsupported content type", _BAD_REQUEST),
    ErrorCode.BODY_NOT_BASE64: Failure(400, "Body is not base64", _BAD_REQUEST),
    ErrorCode.BODY_EMPTY: Failure(400, "Body is empty", _BAD_REQUEST),
    ErrorCode.BODY_NOT_UTF8: Failure(400, "Body is not UTF-8", _BAD_REQUEST),
    ErrorCode.BODY_NOT_JSON: Failure(400, "Body is not JSON", _BAD_REQUEST),
    ErrorCode.BODY_NOT_OBJECT: Failure(400, "Body is not a JSON object", _BAD_REQUEST),
    ErrorCode.BODY_TOO_DEEP: Failure(400, "Body is nested too deeply", _BAD_REQUEST),
    ErrorCode.BODY_DUPLICATE_KEY: Failure(400, "Body contains a duplicate key", _BAD_REQUEST),
    ErrorCode.EVENT_TYPE_UNSUPPORTED: Failure(
        400, "Not a Token Issuance Start event", _BAD_REQUEST
    ),
    ErrorCode.DATA_TYPE_UNSUPPORTED: Failure(400, "Not Token Issuance Start data", _BAD_REQUEST),
    ErrorCode.FIELD_MISSING: Failure(400, "A required field is missing", _BAD_REQUEST),
    ErrorCode.FIELD_MALFORMED: Failure(400, "A field is malformed", _BAD_REQUEST),
    ErrorCode.STORE_FAILURE: Failure(503, "Claims are not available", "StoreFailure"),
    ErrorCode.CLAIMS_TOO_LARGE: Failure(500, "Claims are too large", "ClaimsTooLarge"),
    ErrorCode.INTERNAL_ERROR: Failure(500, "Internal error", "InternalError"),
}

_HEADERS: Final = {
    ErrorCode.METHOD_NOT_ALLOWED: {"allow": "POST"},
    ErrorCode.CALLER_REFUSED: {"www-authenticate": "Bearer"},
}


def failure_response(error: CalloutError) -> dict[str, Any]:
    """Return the answer to a callout that fails with `error`, which never looks like claims."""
    failure = FAILURES[error.code]
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": failure.title,
        "status": failure.status,
        "code": error.code.value,
    }
    if error.detail is not None:
        problem["detail"] = error.detail
    if error.field is not None:
        problem["field"] = error.field
    return problem_response(failure.status, problem, _HEADERS.get(error.code, {}))
