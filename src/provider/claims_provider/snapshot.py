"""Lambda SnapStart: what goes into a snapshot, and what is made anew when one is restored.

Lambda starts the function once, when a version is published, and takes a snapshot of it; every
environment of that version is a copy. So all environments would share what the snapshot holds:
credentials that run out, a connection that the table has long closed, the state of the random
numbers, keys that the issuer has withdrawn since. None of that is believed after a restore.

Neither hook ever raises. An error before the snapshot would fail the publication, one after the
restore the callout that waits for it.
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
"""What the read before the snapshot may take. Lambda grants a publication minutes."""

REST_MS: Final = 1000
"""What a worker may take to end before the snapshot."""

NOBODY: Final = LayerKey("SNAPSHOT", "SNAPSHOT")
"""A key that no item has: nothing that is read from the table may enter a snapshot."""


@dataclass(frozen=True, slots=True)
class SnapshotHooks:
    """What Lambda's runtime calls before it takes a snapshot and after it has restored one."""

    verifier: Verifier
    store: ClaimsStore
    telemetry: Telemetry

    def register(self) -> None:
        """Have the hooks called, by the library that Lambda's runtime for Python carries.

        It is no part of the artefact: the runtime reads the list of its own copy.
        """
        from snapshot_restore_py import (  # type: ignore[import-not-found]  # noqa: PLC0415
            register_after_restore,
            register_before_snapshot,
        )

        register_before_snapshot(self.before_snapshot)
        register_after_restore(self.after_restore)

    def before_snapshot(self) -> None:
        """Use everything once, so that the snapshot holds it warm; then leave nothing connected."""
        self._carry_out("snapshot", self._prime, self._rest)

    def after_restore(self) -> None:
        """Make everything anew that the world may have changed since. Waits for nothing.

        The callout that the restore is for waits for credentials and keys itself, where it needs
        them, as long as it may: only it knows since when Entra waits.
        """
        self._carry_out(
            "restore", random.seed, self.telemetry.restored, self.verifier.renew, self.store.renew
        )

    def _prime(self) -> None:
        self.store.read([NOBODY], Deadline.after_ms(PRIMING_MS))

    def _rest(self) -> None:
        self.store.rest(Deadline.after_ms(REST_MS))
        gc.unfreeze()
        gc.collect()  # the client that was dropped, with its credentials
        # Once restored, a collection of everything would fetch the whole snapshot into memory.
        gc.freeze()

    def _carry_out(self, name: str, *steps: Callable[[], object]) -> None:
        """Take each step, whatever becomes of the others, and write a line about it."""
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
