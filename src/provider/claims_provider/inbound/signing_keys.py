"""An issuer's signing keys, refreshed regularly and kept while the key server is down.

Entra publishes a new key before it signs with it, so a key set that is fetched every hour nearly
always contains the key that a token names. An unknown key causes at most one fetch per cool-down,
even during a flood of invented key ids.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from claims_provider.contract.issuers import Issuer
from claims_provider.deadline import Deadline
from claims_provider.errors import CallerRefused, KeysUnavailable, RefusalReason
from claims_provider.inbound.key_set import KeyServerError, read_key_set
from claims_provider.worker import NoAnswer, WorkerPool

REFRESH_SECONDS: Final = 3600.0
"""The age at which a key set is fetched again, in the background of a callout."""

COOL_DOWN_SECONDS: Final = 60.0
"""The minimum time between two fetches for keys that a valid key set does not contain."""

RETRY_SECONDS: Final = 2.0
"""The minimum time between two fetches while there are no keys and all callers are refused."""

FETCH_SECONDS: Final = 5.0
"""The longest fetch. No callout waits this long; a slow server's answer serves the next callout."""

_SHARE_OF_DEADLINE = 0.5
"""How long a callout may wait for keys; the rest is for reading the table."""

FetchKeys = Callable[[str], bytes]
"""``fetch(keys_url)`` returns the key server's answer. May raise any exception."""


@dataclass
class SigningKeys:
    """The keys of one issuer."""

    issuer: Issuer
    fetch: FetchKeys
    clock: Callable[[], float] = time.time
    """Epoch seconds. Not the monotonic clock, because only this clock shows the age of keys in a
    restored snapshot."""
    _keys: Mapping[str, Any] = field(default_factory=dict, init=False)
    _fetched_at: float = field(default=-math.inf, init=False)
    _tried_at: float = field(default=-math.inf, init=False)
    _is_fetching: bool = field(default=False, init=False)
    _was_waited_for: bool = field(default=False, init=False)
    _error: str = field(default="", init=False)

    def __post_init__(self) -> None:
        """A separate worker, so that the keys of several issuers are fetched concurrently."""
        self._workers = WorkerPool(lambda: None)

    @property
    def is_stale(self) -> bool:
        """Return whether the keys are outdated."""
        return self._is_past(self._fetched_at, 2 * REFRESH_SECONDS)

    def find(self, key_id: str, deadline: Deadline) -> Any:
        """Return the public key `key_id`.

        Raises `CallerRefused` if the issuer has no such key, and `KeysUnavailable` if no key of the
        issuer is known.
        """
        self.take(Deadline.after_ms(0))
        if self._is_past(self._fetched_at, REFRESH_SECONDS) and self._may_try():
            self.begin()
        # A refresh runs in the background of callouts, unless that has failed for too long: Lambda
        # freezes it between two callouts.
        if key_id not in self._keys or self.is_stale:
            if self._may_try():
                self.begin()
            self._wait_once(deadline)
        if key_id in self._keys:
            return self._keys[key_id]
        if not self._keys:
            raise KeysUnavailable(self.issuer.url, self._error or "no answer yet")
        raise CallerRefused(
            RefusalReason.UNKNOWN_KEY, claim="kid", expected=f"one of {len(self._keys)} keys"
        )

    def begin(self) -> None:
        """Start to fetch the keys, unless a fetch is running. Never waits."""
        if self._is_fetching:
            return
        self._tried_at = self.clock()
        self._was_waited_for = False
        try:
            self._workers.start(self._fetch)
        except NoAnswer as none:
            self._error = str(none)
        else:
            self._is_fetching = True

    def renew(self) -> None:
        """Start to fetch the keys in a restored environment. Never waits.

        The snapshot's keys stay until new ones arrive, but count as stale regardless of their age,
        so that a callout waits for new keys first.
        """
        self._workers.abandon()
        self._is_fetching = False
        self._fetched_at = -math.inf
        self.begin()

    def take(self, deadline: Deadline) -> None:
        """Use the keys of the running fetch if they arrive by `deadline`; otherwise keep the old.

        A late fetch continues for up to `FETCH_SECONDS` in total. If every callout's deadline ended
        it, a slow key server's answer would never arrive.
        """
        if not self._is_fetching:
            return
        try:
            self._keys = self._workers.wait(deadline)
        except NoAnswer as late:
            if not self._is_past(self._tried_at, FETCH_SECONDS):
                return
            self._workers.abandon()
            self._error = str(late)
        except KeyServerError as error:
            self._error = str(error)
        except Exception as error:  # noqa: BLE001  # sockets, TLS and HTTP raise what they please
            self._error = type(error).__name__
        else:
            self._fetched_at = self.clock()
        self._is_fetching = False

    def _fetch(self, _: object) -> Mapping[str, Any]:
        return read_key_set(self.fetch(self.issuer.keys_url), self.issuer.tenant_id)

    def _wait_once(self, deadline: Deadline) -> None:
        """Wait for the running fetch; one callout waits, a flood of them does not."""
        if not self._was_waited_for:
            self._was_waited_for = True
            self.take(Deadline.after_ms(deadline.remaining() * 1000 * _SHARE_OF_DEADLINE))

    def _may_try(self) -> bool:
        return self._is_past(self._tried_at, COOL_DOWN_SECONDS if self._keys else RETRY_SECONDS)

    def _is_past(self, moment: float, seconds: float) -> bool:
        return not 0 <= self.clock() - moment < seconds  # a future time: the clock was set back
