"""Convert a gateway's event to an HTTP call, for any gateway in front of the function.

Three event types are read: API Gateway HTTP API (payload 2.0), Lambda function URL (the same
payload from another host) and API Gateway REST API (payload 1.0). Header names are in lower case in
2.0 and as sent in 1.0; bodies may be base64 in all three.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from claims_provider.contract.limits import BODY_BYTES_MAX
from claims_provider.errors import CalloutError, ErrorCode

_FUNCTION_URL_HOST = ".lambda-url."
_EPOCH_MS_MAX = 2**53
"""A larger number is not a valid time, and not an exact float."""


class Envelope(StrEnum):
    """The gateway in front of the function."""

    HTTP_API = "http-api"
    FUNCTION_URL = "function-url"
    REST_API = "rest-api"


@dataclass(frozen=True, slots=True)
class HttpCall:
    """The parts of an HTTP request that the function needs."""

    envelope: Envelope
    method: str
    headers: Mapping[str, str]
    """Names in lower case."""
    authorizer_claims: Mapping[str, Any] | None
    """Token claims that the HTTP API's JWT authorizer verified, or ``None``."""
    received_at_ms: int | None
    """When the gateway received the request, in epoch milliseconds; ``None`` if unknown."""
    raw_body: str
    is_base64: bool

    def body(self) -> bytes:
        """Return the body's bytes. Raises `CalloutError` for invalid base64."""
        if not self.is_base64:
            return self.raw_body.encode("utf-8", "surrogatepass")
        try:
            return b64decode(self.raw_body, validate=True)
        except (Base64Error, ValueError):
            raise CalloutError(
                ErrorCode.BODY_NOT_BASE64, "isBase64Encoded is true, but the body is not base64"
            ) from None


def read_http_event(event: object) -> HttpCall:
    """Read a Lambda event.

    Raises `CalloutError` if `event` is none of the three types, for example a callout body.
    """
    if not isinstance(event, Mapping) or not isinstance(event.get("requestContext"), Mapping):
        raise _unknown_envelope()
    context: Mapping[str, Any] = event["requestContext"]
    http = context.get("http")
    if event.get("version") == "2.0" and isinstance(http, Mapping):
        from_url = _FUNCTION_URL_HOST in _text(context.get("domainName"))
        return HttpCall(
            envelope=Envelope.FUNCTION_URL if from_url else Envelope.HTTP_API,
            method=_text(http.get("method")),
            headers=_headers(event),
            authorizer_claims=None if from_url else _jwt_claims(context),
            received_at_ms=_epoch_ms(context.get("timeEpoch")),
            raw_body=_raw_body(event),
            is_base64=event.get("isBase64Encoded") is True,
        )
    if isinstance(event.get("httpMethod"), str) and "elb" not in context:
        return HttpCall(
            envelope=Envelope.REST_API,
            method=event["httpMethod"],
            headers=_headers(event),
            authorizer_claims=None,
            received_at_ms=_epoch_ms(context.get("requestTimeEpoch")),
            raw_body=_raw_body(event),
            is_base64=event.get("isBase64Encoded") is True,
        )
    raise _unknown_envelope()


def check_method_and_size(call: HttpCall) -> None:
    """Refuse a call that cannot be a callout by its method or size, before decoding it.

    Raises `CalloutError`.
    """
    if call.method.upper() != "POST":
        raise CalloutError(ErrorCode.METHOD_NOT_ALLOWED, "the method must be POST")
    if call.is_base64:  # four characters encode three bytes, minus the padding
        size = len(call.raw_body) * 3 // 4 - call.raw_body[-2:].count("=")
    else:  # a character has at least one byte, so only a body that may fit is encoded
        size = len(call.raw_body)
        size = size if size > BODY_BYTES_MAX else len(call.body())
    if size > BODY_BYTES_MAX:
        raise CalloutError(
            ErrorCode.BODY_TOO_LARGE, f"the body may have at most {BODY_BYTES_MAX} bytes"
        )


def _unknown_envelope() -> CalloutError:
    return CalloutError(
        ErrorCode.ENVELOPE_UNKNOWN,
        "expected an event of an API Gateway HTTP API (payload 2.0), a Lambda Function URL or "
        "an API Gateway REST API",
    )


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    """Return headers by name in lower case, with repeated headers joined (RFC 9110).

    Payload 1.0 contains both the last value and all values of a header. Joining them prevents that
    one of two tokens is read while a different one was verified.
    """
    headers = event.get("multiValueHeaders") or event.get("headers")
    if not isinstance(headers, Mapping):
        return {}
    sent: dict[str, list[str]] = {}
    for name, value in headers.items():
        values = value if isinstance(value, list) else [value]
        sent.setdefault(str(name).lower(), []).extend(v for v in values if isinstance(v, str))
    return {name: ", ".join(values) for name, values in sent.items() if values}


def _jwt_claims(context: Mapping[str, Any]) -> Mapping[str, Any] | None:
    authorizer = context.get("authorizer")
    jwt = authorizer.get("jwt") if isinstance(authorizer, Mapping) else None
    claims = jwt.get("claims") if isinstance(jwt, Mapping) else None
    return claims if isinstance(claims, Mapping) else None


def _epoch_ms(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _EPOCH_MS_MAX:
        return value
    return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _raw_body(event: Mapping[str, Any]) -> str:
    return _text(event.get("body"))
