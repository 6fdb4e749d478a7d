"""The response format of API Gateway and function URLs, the same for all event types."""

import json
from collections.abc import Mapping
from typing import Any

from claims_provider.contract.answer import Claims, answer_body

# Without a content type, API Gateway sends text/plain, which Entra rejects (1003006).
_JSON = "application/json"
_PROBLEM_JSON = "application/problem+json"


def claims_response(claims: Claims) -> dict[str, Any]:
    """Return the 200 that Entra accepts; ``claims`` is ``{}``, never null, for unknown users."""
    return _response(200, _JSON, answer_body(claims), {})


def problem_response(
    status: int, problem: Mapping[str, Any], headers: Mapping[str, str]
) -> dict[str, Any]:
    """Return an error in the format of RFC 9457."""
    return _response(status, _PROBLEM_JSON, problem, headers)


def _response(
    status: int, content_type: str, body: Mapping[str, Any], headers: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": content_type, "cache-control": "no-store", **headers},
        "body": json.dumps(body, separators=(",", ":")),
        "isBase64Encoded": False,
    }
