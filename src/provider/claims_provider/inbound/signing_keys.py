"""An issuer's signing keys: fetched in good time, kept while the key server is down.

Entra publishes a new key before it signs with it, so a key set that is looked at every hour nearly
always holds the key that a token names. A key it does not hold is asked for once per cool-down,
whatever a flood of made-up key ids asks for.
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
"""Age from which on a key set is fetched again, beside the callout and not before it."""

COOL_DOWN_SECONDS: Final = 60.0
"""The least time between two fetches for keys that a good key set does not hold."""

RETRY_SECONDS: Final = 2.0
"""The least time between two fetches while there are no keys at all: nobody gets in meanwhile."""

FETCH_SECONDS: Final = 5.0
"""What a fetch may take. No callout waits as long; what a slow server sends serves the next one."""

_SHARE_OF_DEADLINE = 0.5
"""What a callout may wait for keys: the table has to be read in the rest."""

FetchKeys = Callable[[str], bytes]
"""``fetch(keys_url)``: the key server's answer. Raises `KeyServerError`, or what it pleases."""


@dataclass
class SigningKeys:
    """The keys of one issuer."""

    issuer: Issuer
    fetch: FetchKeys
    clock: Callable[[], float] = time.time
    """Epoch seconds. Not the monotonic clock: keys in a snapshot that was restored are old, and
    only this clock says so."""
    _keys: Mapping[str, Any] = field(default_factory=dict, init=False)
    _fetched_at: float = field(default=-math.inf, init=False)
    _tried_at: float = field(default=-math.inf, init=False)
    _is_fetching: bool = field(default=False, init=False)
    _was_waited_for: bool = field(default=False, init=False)
    _error: str = field(default="", init=False)

    def __post_init__(self) -> None:
        """A worker of its own, so that several issuers' keys are fetched at once."""
        self._workers = WorkerPool(lambda: None)

    @property
    def is_stale(self) -> bool:
        """Whether the keys should long have been fetched again."""
        return self._is_past(self._fetched_at, 2 * REFRESH_SECONDS)

    def find(self, key_id: str, deadline: Deadline) -> Any:
        """The public key `key_id`.

        Raises `CallerRefused` when the issuer has no such key, `KeysUnavailable` when no key of the
        issuer is known at all.
        """
        self.take(Deadline.after_ms(0))
        if self._is_past(self._fetched_at, REFRESH_SECONDS) and self._may_try():
            self.begin()
        # A refresh goes on beside callouts, unless that has not worked for too long: between two
        # of them Lambda freezes whatever goes on.
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
        """Start to fetch the keys, unless that is going on. Never waits."""
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

        The keys of the snapshot stay until others come, but are stale whatever their age says: a
        callout waits for the others first.
        """
        self._workers.abandon()
        self._is_fetching = False
        self._fetched_at = -math.inf
        self.begin()

    def take(self, deadline: Deadline) -> None:
        """Take the keys that are being fetched, if they come by `deadline`. The old ones stay else.

        A fetch that is late goes on, for `FETCH_SECONDS` in all: were it abandoned whenever a
        callout has no more time, a slow key server would never be heard.
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
        """Wait for the fetch that is going on; one callout does, a flood does not."""
        if not self._was_waited_for:
            self._was_waited_for = True
            self.take(Deadline.after_ms(deadline.remaining() * 1000 * _SHARE_OF_DEADLINE))

    def _may_try(self) -> bool:
        return self._is_past(self._tried_at, COOL_DOWN_SECONDS if self._keys else RETRY_SECONDS)

    def _is_past(self, moment: float, seconds: float) -> bool:
        return not 0 <= self.clock() - moment < seconds  # a moment to come: the clock was put back
