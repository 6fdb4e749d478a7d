"""Answers to judge, valid except for what a test changes."""

import json
from typing import Any

from claimsctl.judge.attempt import Answer

RESPONSE_DATA = "microsoft.graph.onTokenIssuanceStartResponseData"
ACTION = "microsoft.graph.tokenIssuanceStart.provideClaimsForToken"
JSON = "application/json"


def answer_of(
    body: bytes, *, status: int = 200, content_type: str | None = JSON, header: str = "content-type"
) -> Answer:
    """Return an answer with `body`, as received."""
    headers = () if content_type is None else ((header, content_type),)
    return Answer(status, (("server", "x"), *headers), body)


def body_with_data(data: Any) -> bytes:
    """A body whose ``data`` is `data`."""
    return json.dumps({"data": data}).encode()


def body_with_actions(*actions: Any) -> bytes:
    """A body with the right discriminator and `actions`."""
    return body_with_data({"@odata.type": RESPONSE_DATA, "actions": actions})


def body_with_claims(claims: Any, action: str = ACTION) -> bytes:
    """A body with one action that provides `claims`."""
    return body_with_actions({"@odata.type": action, "claims": claims})
