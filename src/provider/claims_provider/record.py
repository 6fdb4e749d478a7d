"""The record of one callout: the fields of its log line, and its metrics.

A record never contains a claim value, token, address or name; only codes, counts, sizes and times.
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
    """The log fields and metrics of one callout."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.counts: dict[str, float] = {}
        self.milliseconds: dict[str, float] = {}
        self.warned = False

    def note(self, **fields: Any) -> None:
        """Add fields to the line."""
        self.fields.update(fields)

    def warn(self, **fields: Any) -> None:
        """Add fields that need attention; the line becomes a warning."""
        self.warned = True
        self.fields.update(fields)

    def count(self, metric: str, number: float = 1) -> None:
        """Add `number` to a metric."""
        self.counts[metric] = self.counts.get(metric, 0) + number

    @contextmanager
    def timed(self, field: str, metric: str | None = None) -> Iterator[None]:
        """Record the milliseconds that the block takes, even if it raises."""
        began = time.monotonic()
        try:
            yield
        finally:
            milliseconds = (time.monotonic() - began) * 1000
            self.fields[field] = round(milliseconds, 1)
            if metric is not None:
                self.milliseconds[metric] = milliseconds

    def note_caller(self, caller: Caller) -> None:
        """Record the accepted caller; anything except Entra with fresh keys is a warning."""
        self.note(caller=caller.kind.value)
        match caller.kind:
            case CallerKind.ANYBODY:
                self.warn(open_door="CALLER_VERIFICATION is none: every caller gets an answer")
                self.count("OpenDoor")
                self.count("NotEntra")
            case CallerKind.TEST:
                self.warn(test_caller="the caller is one of TEST_CALLER_APP_IDS, not Entra")
                self.count("TestCaller")
                self.count("NotEntra")
        if caller.has_stale_key:
            self.warn(stale_keys="the issuer's key server does not answer")
            self.count("StaleKeys")

    def note_failure(self, error: CalloutError) -> None:
        """Record why something failed, for any answer."""
        self.warn()
        if error.evidence:
            self.note(cause=dict(error.evidence))
        self.count(FAILURES[error.code].metric)
        if isinstance(error, CallerRefused):
            self.count(f"CallerRefused.{error.reason}")

    def note_composition(self, composition: Composition) -> None:
        """Record the answer's contents; a withheld claim is a warning and a metric."""
        self.note(
            layers=composition.layers,
            claims=len(composition.claims),
            claims_bytes=composition.size,
        )
        if composition.withheld:
            self.warn(claims_withheld=composition.withheld)
            self.count("ClaimsWithheld", composition.withheld)
