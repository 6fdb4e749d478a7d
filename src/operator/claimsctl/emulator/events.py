"""Convert HTTP requests to the function's gateway events, and events back to callouts.

Sources: API Gateway's reference of payload formats 2.0 and 1.0, Lambda's of Function URLs. The
authorizer's claims arrive as strings, lists in the form ``[a b]``, ``scopes`` null without a scope
claim.
"""

import json
import time
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from claims_provider.contract.identifiers import canonical_guid
from claims_provider.errors import CalloutError
from claims_provider.inbound.http_event import read_http_event

from claimsctl.entra.token_claims import SAMPLE_API_HOST, TENANT_ID, authorizer_claims

CALLOUT_PATH = "/callout"
"""The one route of template.yaml."""

_API_ID = SAMPLE_API_HOST.partition(".")[0]
_REQUEST_ID = "JKJaXmPLvHcESHA="
_JSON = {"Content-Type": "application/json"}

Headers = Mapping[str, str]


def http_api_event(
    body: bytes,
    headers: Headers,
    *,
    authorizer_claims: Mapping[str, str] | None,
    received_at_ms: int,
    method: str = "POST",
) -> dict[str, Any]:
    """Return payload 2.0 of an HTTP API, with the claims that its authorizer verified, if any."""
    event = _payload_2(body, headers, SAMPLE_API_HOST, received_at_ms, method)
    event["routeKey"] = event["requestContext"]["routeKey"] = f"{method} {CALLOUT_PATH}"
    if authorizer_claims is not None:
        jwt = {"claims": dict(authorizer_claims), "scopes": None}
        event["requestContext"]["authorizer"] = {"jwt": jwt}
    return event


def function_url_event(body: bytes, headers: Headers, *, received_at_ms: int) -> dict[str, Any]:
    """Return the event of a Lambda function URL without IAM: payload 2.0, nothing verified."""
    return _payload_2(
        body, headers, f"{_API_ID}.lambda-url.eu-central-1.on.aws", received_at_ms, "POST"
    )


def rest_api_event(body: bytes, headers: Headers, *, received_at_ms: int) -> dict[str, Any]:
    """Return payload 1.0 of a REST API: header names as sent, no verified claims."""
    text, is_base64 = _encode(body)
    return {
        "resource": CALLOUT_PATH,
        "path": CALLOUT_PATH,
        "httpMethod": "POST",
        "headers": dict(headers),
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": CALLOUT_PATH,
            "httpMethod": "POST",
            "path": f"/prod{CALLOUT_PATH}",
            "stage": "prod",
            "protocol": "HTTP/1.1",
            "domainName": SAMPLE_API_HOST,
            "apiId": _API_ID,
            "requestId": _REQUEST_ID,
            "requestTime": _time(received_at_ms),
            "requestTimeEpoch": received_at_ms,
            "identity": {"sourceIp": "192.0.2.1", "userAgent": None},
        },
        "body": text,
        "isBase64Encoded": is_base64,
    }


def _payload_2(
    body: bytes, headers: Headers, host: str, received_at_ms: int, method: str
) -> dict[str, Any]:
    text, is_base64 = _encode(body)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": CALLOUT_PATH,
        "rawQueryString": "",
        "headers": {name.lower(): value for name, value in headers.items()} | {"host": host},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": _API_ID,
            "domainName": host,
            "domainPrefix": _API_ID,
            "http": {
                "method": method,
                "path": CALLOUT_PATH,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "",
            },
            "requestId": _REQUEST_ID,
            "routeKey": "$default",
            "stage": "$default",
            "time": _time(received_at_ms),
            "timeEpoch": received_at_ms,
        },
        "body": text,
        "isBase64Encoded": is_base64,
    }


def _time(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


def _encode(body: bytes) -> tuple[str, bool]:
    try:
        return body.decode("utf-8"), False
    except UnicodeDecodeError:
        return b64encode(body).decode("ascii"), True


def is_envelope(document: object) -> bool:
    """Return whether `document` is a gateway event and not a callout body."""
    return isinstance(document, dict) and "requestContext" in document


def callout_in(document: object) -> object:
    """Return the callout body in a gateway event, if any; return any other `document` itself."""
    if not is_envelope(document):
        return document
    try:
        return read_json(read_http_event(document).body())
    except CalloutError:  # the function reports the error
        return None


def tenant_of(body: object) -> str:
    """Return the tenant that a callout body names, or the samples' tenant."""
    data = body.get("data") if isinstance(body, dict) else None
    tenant_id = data.get("tenantId") if isinstance(data, dict) else None
    try:
        return canonical_guid(tenant_id) if isinstance(tenant_id, str) else TENANT_ID
    except ValueError:
        return TENANT_ID


def read_json(raw: bytes) -> object:
    """Return `raw` as JSON, or ``None`` if it is not JSON, which the function then reports."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def played_event(body: bytes, tenant_id: str, token: str | None = None) -> dict[str, Any]:
    """Return the HTTP API's event for `body`, with Entra's token for `tenant_id` verified.

    With `token`, the route has no authorizer, so the function must verify the token.
    """
    return http_api_event(
        body,
        _JSON if token is None else {**_JSON, "Authorization": f"Bearer {token}"},
        authorizer_claims=authorizer_claims(tenant_id) if token is None else None,
        received_at_ms=time.time_ns() // 1_000_000,
    )
