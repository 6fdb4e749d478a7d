"""Exchanges in the form that the page's script expects."""

import json
from base64 import urlsafe_b64decode
from binascii import Error
from typing import Any

from claimsctl.entra.token_check import Expected, Outcome, check_token
from claimsctl.judge.body import body_text
from claimsctl.judge.judge import CLAIMS_BYTES_MAX
from claimsctl.tap.exchanges import ShownExchange
from claimsctl.tap.recording import Message, RecordedExchange
from claimsctl.tap.redaction import read_callout
from claimsctl.tap.upstream import Upstream


def row(shown: ShownExchange) -> dict[str, Any]:
    """Return a line of the list."""
    exchange, failure = shown.exchange, shown.failure
    return {
        "number": exchange.number,
        "at": shown.at.isoformat(timespec="milliseconds"),
        "method": exchange.method,
        "target": exchange.target,
        "user_id": shown.user_id,
        "correlation_id": shown.correlation_id,
        "outcome": shown.outcome.value,
        "status": exchange.status if exchange.no_answer is None else None,
        "entra_code": None if failure is None else failure.entra_code,
        "title": shown.reason if failure is None else failure.title,
        "total_ms": round(exchange.total_ms, 1),
        "request_bytes": exchange.request.body_bytes,
        "answer_bytes": exchange.answer.body_bytes,
    }


def details(shown: ShownExchange, upstream: Upstream, wait_ms: int) -> dict[str, Any]:
    """Return all displayed details of an exchange."""
    exchange = shown.exchange
    no_answer = exchange.no_answer
    return row(shown) | {
        "masked": shown.masked,
        "reason": shown.reason,
        "url": upstream.origin + exchange.target,
        "request": _side(exchange.request),
        "token": decoded_token(exchange),
        "answer": None if exchange.status is None else _side(exchange.answer),
        "no_answer": no_answer and {"phase": no_answer.phase.value, "detail": no_answer.detail},
        "verdict": None if shown.verdict is None else shown.verdict.document(),
        "timings": {phase.value: round(ms, 3) for phase, ms in exchange.timings().items()},
        "wait_ms": wait_ms,
        "claims_bytes_max": CLAIMS_BYTES_MAX,
    }


def decoded_token(exchange: RecordedExchange) -> dict[str, Any] | None:
    """Return the bearer token's header and claims, and whether it has a signature.

    The token is compared with the callout's tenant, at the time when the exchange began.
    """
    for name, value in exchange.request.headers:
        scheme, _, token = value.partition(" ")
        if name.lower() != "authorization" or scheme.lower() != "bearer":
            continue
        expected = Expected(_tenant_of(read_callout(exchange)))
        parts = token.split(".")
        if len(parts) != 3:  # noqa: PLR2004  # header, payload, signature
            return {"header": None, "claims": None, "signed": False}
        return {
            "header": _json_of(parts[0]),
            "claims": _json_of(parts[1]),
            "signed": bool(parts[2]),
            "differences": [
                finding.document()
                for finding in check_token(token, expected, exchange.began_at)
                if finding.outcome in (Outcome.WARN, Outcome.FAIL)
            ],
        }
    return None


def _tenant_of(callout: Any) -> str | None:
    """Return the tenant that a callout names, which its token must also name."""
    match callout:
        case {"data": {"tenantId": str() as tenant_id}}:
            return tenant_id.lower()
    return None


def _json_of(part: str) -> Any:
    try:
        return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (Error, ValueError, RecursionError):
        return None


def _side(side: Message) -> dict[str, Any]:
    return {
        "headers": [list(header) for header in side.headers],
        "body": body_text(bytes(side.body)),
        "body_bytes": side.body_bytes,
        "whole": side.whole,
    }
