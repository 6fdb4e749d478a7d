"""Examined exchanges as the page's script takes them."""

import json
from base64 import urlsafe_b64decode
from binascii import Error
from typing import Any

from claimsctl.judge.body import body_text
from claimsctl.judge.judge import CLAIMS_BYTES_MAX
from claimsctl.tap.exchanges import Examined
from claimsctl.tap.recording import Side, Sighting
from claimsctl.tap.upstream import Service


def row(examined: Examined) -> dict[str, Any]:
    """One line of the list."""
    sighting, failure = examined.sighting, examined.failure
    return {
        "number": sighting.number,
        "at": examined.at.isoformat(timespec="milliseconds"),
        "method": sighting.method,
        "target": sighting.target,
        "user_id": examined.user_id,
        "correlation_id": examined.correlation_id,
        "outcome": examined.outcome.value,
        "status": sighting.status if sighting.no_answer is None else None,
        "entra_code": None if failure is None else failure.entra_code,
        "title": examined.reason if failure is None else failure.title,
        "total_ms": round(sighting.total_ms, 1),
        "request_bytes": sighting.request.body_bytes,
        "answer_bytes": sighting.answer.body_bytes,
    }


def details(examined: Examined, service: Service, wait_ms: int) -> dict[str, Any]:
    """Everything that is shown of one exchange."""
    sighting = examined.sighting
    no_answer = sighting.no_answer
    return row(examined) | {
        "masked": examined.masked,
        "reason": examined.reason,
        "url": service.origin + sighting.target,
        "request": _side(sighting.request),
        "token": decoded_token(sighting),
        "answer": None if sighting.status is None else _side(sighting.answer),
        "no_answer": no_answer and {"phase": no_answer.phase.value, "detail": no_answer.detail},
        "verdict": None if examined.verdict is None else examined.verdict.document(),
        "timings": {phase.value: round(ms, 3) for phase, ms in sighting.timings().items()},
        "wait_ms": wait_ms,
        "claims_bytes_max": CLAIMS_BYTES_MAX,
    }


def decoded_token(sighting: Sighting) -> dict[str, Any] | None:
    """Header and claims of the bearer token; of its signature only that there is one."""
    for name, value in sighting.request.headers:
        scheme, _, token = value.partition(" ")
        if name.lower() != "authorization" or scheme.lower() != "bearer":
            continue
        parts = token.split(".")
        if len(parts) != 3:  # noqa: PLR2004  # header, payload, signature
            return {"header": None, "claims": None, "signed": False}
        return {
            "header": _json_of(parts[0]),
            "claims": _json_of(parts[1]),
            "signed": bool(parts[2]),
        }
    return None


def _json_of(part: str) -> Any:
    try:
        return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (Error, ValueError, RecursionError):
        return None


def _side(side: Side) -> dict[str, Any]:
    return {
        "headers": [list(header) for header in side.headers],
        "body": body_text(bytes(side.body)),
        "body_bytes": side.body_bytes,
        "whole": side.whole,
    }
