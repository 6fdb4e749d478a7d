"""Requests that the gateway answered by itself, from a stack's access log.

Its lines have no correlation id: the gateway does not read the body. So they are joined with a
callout by time only.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from claimsctl.signin.records import whole_number

NEAR: Final = timedelta(seconds=5)
"""Between Entra's time of a callout, which has whole seconds, and the gateway's of the request."""
PATTERN: Final = '{ $.integrationStatus = "-" }'
"""What CloudWatch selects: requests that did not get to the function."""
_NONE: Final = "-"


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """One request that ended at the gateway."""

    at: str
    status: int | None
    error: str
    """The authorizer's reason, or the gateway's; empty for none."""
    request_id: str

    def document(self) -> dict[str, Any]:
        """The request for machines."""
        return asdict(self)


GatewayAnswers = dict[str, list[GatewayAnswer]]
"""By correlation id; without the sign-ins that were not asked about."""


def gateway_answer(fields: Mapping[str, Any]) -> GatewayAnswer | None:
    """The request of a line of the access log; `None` for one that got to the function."""
    if fields.get("integrationStatus") != _NONE:
        return None
    try:
        at = datetime.fromtimestamp(int(fields["time"]) // 1000, UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    errors = (str(fields.get(name) or _NONE) for name in ("authorizerError", "error"))
    return GatewayAnswer(
        f"{at:%Y-%m-%dT%H:%M:%SZ}",
        whole_number(fields.get("status")),
        next((error for error in errors if error != _NONE), ""),
        str(fields.get("requestId", "")),
    )
