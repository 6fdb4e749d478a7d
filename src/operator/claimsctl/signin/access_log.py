"""Requests that the gateway answered without the function, from a stack's access log.

The gateway does not read the body, so its log lines have no correlation id. They are joined with a
callout by time only.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from claimsctl.signin.records import whole_number

NEAR: Final = timedelta(seconds=5)
"""The maximum difference between Entra's time of a callout, in whole seconds, and the gateway's."""
PATTERN: Final = '{ $.integrationStatus = "-" }'
"""The filter for requests that did not reach the function."""
_NONE: Final = "-"


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """One request that ended at the gateway."""

    at: str
    status: int | None
    error: str
    """The reason from the authorizer or the gateway; may be empty."""
    request_id: str

    def document(self) -> dict[str, Any]:
        """Return the request as a JSON object."""
        return asdict(self)


GatewayAnswers = dict[str, list[GatewayAnswer]]
"""The answers by correlation id, for the sign-ins that were searched for."""


def gateway_answer(fields: Mapping[str, Any]) -> GatewayAnswer | None:
    """Return the request in a line of the access log; `None` if it reached the function."""
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
