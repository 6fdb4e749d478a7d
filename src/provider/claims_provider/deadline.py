"""How long a callout's answer may still take."""

import time
from dataclasses import dataclass
from typing import Final, Self

RESERVE_MS: Final = 300
"""What Entra's wait also pays for: DNS, TLS, the gateway, the way back."""

FLOOR_MS: Final = 150
"""The least time we try for. When the gateway's stamp says that less is left, either Entra has
gone, and trying costs nothing, or two clocks disagree, and not trying would be an outage."""

STALE_MS: Final = 30_000
"""A stamp older than a gateway waits for a function is not of this call (a sample, a replay)."""


def budget_ms(entra_wait_ms: int) -> int:
    """Milliseconds of `entra_wait_ms` that are ours: less the reserve, which takes half at most."""
    return entra_wait_ms - min(RESERVE_MS, entra_wait_ms // 2)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock."""

    at: float

    @classmethod
    def after_ms(cls, milliseconds: float) -> Self:
        """The deadline that many milliseconds from now."""
        return cls(time.monotonic() + milliseconds / 1000)

    @classmethod
    def of_callout(cls, entered: float, budget: int, received_at_ms: int | None) -> Self:
        """The deadline of a callout that the handler entered at `entered` (monotonic seconds).

        `budget` (milliseconds) counts from `received_at_ms`, when the gateway received the call in
        epoch milliseconds, so that a cold start is paid from it; from the handler's entry when that
        is unknown, in the future or stale.
        """
        elapsed = 0.0
        if received_at_ms is not None:
            since_entry = time.monotonic() - entered
            elapsed = (time.time() - since_entry) * 1000 - received_at_ms
            elapsed = elapsed if 0 < elapsed < STALE_MS else 0.0
        left = max(budget - elapsed, min(FLOOR_MS, budget))
        return cls(entered + left / 1000)

    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self.at - time.monotonic())
