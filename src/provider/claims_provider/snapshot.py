"""Lambda SnapStart: prepare a snapshot, and renew state after a restore.

Lambda starts the function once, when a version is published, and takes a snapshot; every
environment of that version is a copy. All environments would therefore share the snapshot's state:
credentials that expire, a connection that the table has closed, the state of the random number
generator, and keys that the issuer has since withdrawn. None of these is used after a restore.

Neither hook ever raises. An error before the snapshot would fail the publication, and an error
after the restore would fail the waiting callout.
"""

import gc
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from claims_provider.claims.key import LayerKey
from claims_provider.claims.store import ClaimsStore
from claims_provider.deadline import Deadline
from claims_provider.errors import CalloutError
from claims_provider.inbound.caller import Verifier
from claims_provider.telemetry import Telemetry, describe_bug

PRIMING_MS: Final = 3000
"""The time limit for the read before the snapshot. Lambda allows minutes for a publication."""

REST_MS: Final = 1000
"""The time limit for a worker to end before the snapshot."""

NOBODY: Final = LayerKey("SNAPSHOT", "SNAPSHOT")
"""A key without an item: a snapshot must not contain anything read from the table."""


@dataclass(frozen=True, slots=True)
class SnapshotHooks:
    """The hooks that Lambda's runtime calls before a snapshot and after a restore."""

    verifier: Verifier
    store: ClaimsStore
    telemetry: Telemetry

    def register(self) -> None:
        """Register the hooks with the library in Lambda's Python runtime.

        The library is not part of the artefact, because the runtime reads its own copy's list.
        """
        from snapshot_restore_py import (  # type: ignore[import-not-found]  # noqa: PLC0415
            register_after_restore,
            register_before_snapshot,
        )

        register_before_snapshot(self.before_snapshot)
        register_after_restore(self.after_restore)

    def before_snapshot(self) -> None:
        """Use everything once, so that the snapshot is warm, then close all connections."""
        self._carry_out("snapshot", self._prime, self._rest)

    def after_restore(self) -> None:
        """Renew everything that may be outdated. Never waits.

        The waiting callout itself waits for credentials and keys if it needs them, because only it
        knows how long Entra has waited.
        """
        self._carry_out(
            "restore", random.seed, self.telemetry.restored, self.verifier.renew, self.store.renew
        )

    def _prime(self) -> None:
        self.store.read([NOBODY], Deadline.after_ms(PRIMING_MS))

    def _rest(self) -> None:
        self.store.rest(Deadline.after_ms(REST_MS))
        gc.unfreeze()
        gc.collect()  # frees the dropped client and its credentials
        # After a restore, a full collection would load the whole snapshot into memory.
        gc.freeze()

    def _carry_out(self, name: str, *steps: Callable[[], object]) -> None:
        """Run each step even if others fail, and write a log line about it."""
        began = time.monotonic()
        failures: list[Mapping[str, Any]] = []
        for step in steps:
            try:
                step()
            except CalloutError as error:
                failures.append(error.evidence)
            except Exception as bug:  # noqa: BLE001  # must not end the environment
                failures.append(describe_bug(bug))
        took = round((time.monotonic() - began) * 1000, 1)
        fields: dict[str, Any] = {"took_ms": took}
        if failures:
            fields["causes"] = [dict(failure) for failure in failures]
        self.telemetry.tell(name, fields, warn=bool(failures))
