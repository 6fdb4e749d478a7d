"""Why the local gateway turns a caller away: what the caller is told, what the log is told."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

BODY = {"message": "Unauthorized"}
"""The body of API Gateway's 401, whatever the reason."""

_SHOWABLE = re.compile(r"(https|api)://[\w.:/-]{1,200}|[\w-]{1,64}", re.ASCII)
"""Ids, issuers, audiences. No address, no name of two words, no token."""

_INTEGER_MAX = 2**63


class Reason(StrEnum):
    """``cause.reason`` in the log: the function's own words. Never renamed."""

    MISSING = "missing"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown-key"
    KEYS_UNAVAILABLE = "keys-unavailable"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"


_DESCRIPTIONS = {
    Reason.MALFORMED: "the token is malformed",
    Reason.ALGORITHM: "the token is not signed with an RSA-based algorithm of the issuer's",
    Reason.UNKNOWN_KEY: "the token's kid is not one of the issuer's keys",
    Reason.KEYS_UNAVAILABLE: "the issuer's keys cannot be fetched",
    Reason.SIGNATURE: "the token's signature is not valid",
    Reason.ISSUER: "the token does not have the configured issuer",
    Reason.AUDIENCE: "the token does not have a valid audience",
    Reason.EXPIRED: "the token has expired",
    Reason.NOT_YET_VALID: "the token is not valid yet",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was found, and what would have been let through."""

    reason: Reason
    claim: str | None = None
    """The claim or header parameter at fault."""
    expected: str | None = None
    actual: str | None = None
    """What stood there, as far as a log may show it."""

    @property
    def challenge(self) -> str:
        """The ``www-authenticate`` header: constant words, none of the caller's."""
        if self.reason is Reason.MISSING:
            return "Bearer"
        description = _DESCRIPTIONS[self.reason]
        return f'Bearer scope="" error="invalid_token" error_description="{description}"'

    def log_line(self, now: float) -> str:
        """One line like the function's own; `now` is in epoch seconds."""
        cause = {
            "reason": self.reason.value,
            "claim": self.claim,
            "expected": self.expected,
            "actual": self.actual,
        }
        moment = datetime.fromtimestamp(now, UTC)
        line = {
            "level": "WARNING",
            "message": "callout",
            "timestamp": f"{moment:%Y-%m-%d %H:%M:%S},{moment.microsecond // 1000:03}+0000",
            "service": "local-gateway",
            "outcome": "caller-refused",
            "cause": {name: value for name, value in cause.items() if value is not None},
            "status": 401,
        }
        return json.dumps(line, separators=(",", ":"))


class Refused(Exception):  # noqa: N818  # says what happened
    """Ends a check; never leaves the authorizer."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason.value)
        self.refusal = refusal


def shown(value: Any) -> str:
    """`value` of a claim for the log: itself where it is an id, a URL or a number; else its kind.

    Whoever sends a token chooses its claims; a log must not fill with names and addresses for it.
    """
    match value:
        case None:
            text = "absent"
        case bool():
            text = "a boolean"
        case str():
            text = value if _SHOWABLE.fullmatch(value) else f"text of {len(value)} characters"
        case int() if abs(value) < _INTEGER_MAX:
            text = str(value)
        case list():
            text = f"a list of {len(value)}"
        case dict():
            text = "an object"
        case _:
            text = "a number"
    return text
