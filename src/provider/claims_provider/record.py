"""What is known of one callout: the fields of its line in the log, and its metrics.

No claim value, token, address or name ever enters a record: only codes, counts, sizes and timings.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from claims_provider.claims.compose import Composition
from claims_provider.errors import CallerRefused, CalloutError
from claims_provider.inbound.caller import Caller, CallerKind
from claims_provider.outbound.failure import FAILURES


class CalloutRecord:
    """What is known of one callout so far."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.counts: dict[str, float] = {}
        self.milliseconds: dict[str, float] = {}
        self.warned = False

    def note(self, **fields: Any) -> None:
        """Add fields to the line."""
        self.fields.update(fields)

    def warn(self, **fields: Any) -> None:
        """Add fields that somebody should look at: the line becomes a warning."""
        self.warned = True
        self.fields.update(fields)

    def count(self, metric: str, number: float = 1) -> None:
        """Add `number` to a metric."""
        self.counts[metric] = self.counts.get(metric, 0) + number

    @contextmanager
    def timed(self, field: str, metric: str | None = None) -> Iterator[None]:
        """Note the milliseconds that the block takes, however it ends."""
        began = time.monotonic()
        try:
            yield
        finally:
            milliseconds = (time.monotonic() - began) * 1000
            self.fields[field] = round(milliseconds, 1)
            if metric is not None:
                self.milliseconds[metric] = milliseconds

    def note_caller(self, caller: Caller) -> None:
        """Note who was let in; all but Entra with fresh keys is a warning and a metric."""
        self.note(caller=caller.kind.value)
        match caller.kind:
            case CallerKind.ANYBODY:
                self.warn(open_door="CALLER_VERIFICATION is none: anybody gets an answer")
                self.count("OpenDoor")
                self.count("NotEntra")
            case CallerKind.TEST:
                self.warn(test_caller="one of TEST_CALLER_APP_IDS, not Entra, gets an answer")
                self.count("TestCaller")
                self.count("NotEntra")
        if caller.has_stale_key:
            self.warn(stale_keys="the issuer's key server does not answer")
            self.count("StaleKeys")

    def note_failure(self, error: CalloutError) -> None:
        """Note why something failed, whatever is answered."""
        self.warn()
        if error.evidence:
            self.note(cause=dict(error.evidence))
        self.count(FAILURES[error.code].metric)
        if isinstance(error, CallerRefused):
            self.count(f"CallerRefused.{error.reason}")

    def note_composition(self, composition: Composition) -> None:
        """Note what the answer is made of; a claim that was withheld is a warning and a metric."""
        self.note(
            layers=composition.layers,
            claims=len(composition.claims),
            claims_bytes=composition.size,
        )
        if composition.withheld:
            self.warn(claims_withheld=composition.withheld)
            self.count("ClaimsWithheld", composition.withheld)
