"""The remaining time for a callout's answer."""

import time
from dataclasses import dataclass
from typing import Final, Self

RESERVE_MS: Final = 300
"""The part of Entra's wait for DNS, TLS, the gateway and the network."""

FLOOR_MS: Final = 150
"""The minimum time for an attempt. If less remains by the gateway's timestamp, either Entra has
disconnected, and trying is harmless, or the clocks disagree, and not trying would be an outage."""

STALE_MS: Final = 30_000
"""The oldest plausible timestamp: a gateway waits no longer, so an older one is from a sample."""


def budget_ms(entra_wait_ms: int) -> int:
    """Return `entra_wait_ms` minus the reserve, which takes at most half of it."""
    return entra_wait_ms - min(RESERVE_MS, entra_wait_ms // 2)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock."""

    at: float

    @classmethod
    def after_ms(cls, milliseconds: float) -> Self:
        """Return the deadline that many milliseconds from now."""
        return cls(time.monotonic() + milliseconds / 1000)

    @classmethod
    def of_callout(cls, entered: float, budget: int, received_at_ms: int | None) -> Self:
        """Return the deadline of a callout that entered the handler at `entered` (monotonic s).

        `budget` (milliseconds) counts from `received_at_ms`, the time in epoch milliseconds when
        the gateway received the call, so that it includes a cold start. If that time is unknown, in
        the future or too old, `budget` counts from the handler's entry.
        """
        elapsed = 0.0
        if received_at_ms is not None:
            since_entry = time.monotonic() - entered
            elapsed = (time.time() - since_entry) * 1000 - received_at_ms
            elapsed = elapsed if 0 < elapsed < STALE_MS else 0.0
        left = max(budget - elapsed, min(FLOOR_MS, budget))
        return cls(entered + left / 1000)

    def remaining(self) -> float:
        """Return the seconds that remain; never negative."""
        return max(0.0, self.at - time.monotonic())
