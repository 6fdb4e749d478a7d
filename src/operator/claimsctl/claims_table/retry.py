"""Calls to the table: in turn, again where that may help, and no longer than patience lasts."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from botocore.exceptions import BotoCoreError, ClientError

from claimsctl.claims_table.errors import NOT_UNDERSTOOD, Failure, Kind, failure_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
PATIENCE_SECONDS = 120.0
"""How long a batch is tried without any of it being taken before the load stops."""

FIRST_PATIENCE_SECONDS = 15.0
"""The same while the table has not answered one call: then it is most likely the wrong place."""

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 10.0
_LESS = 0.7
_MORE = 0.5
"""Calls more for each round of calls without a throttle."""


class Halted(Exception):  # noqa: N818  # the order to stop, not an error
    """The load is to stop; what was under way is left as it is."""


class Pace:
    """Shared by all workers. As TCP does: a throttle takes off at once, calm adds slowly."""

    def __init__(self, workers: int) -> None:
        self.throttles = 0
        """Calls that were throttled, or of whose items DynamoDB left some unprocessed."""
        self.retries = 0
        """Calls that were made again, for whichever reason."""
        self.answered = False
        """Whether the table has answered any call."""
        self._most = float(workers)
        self._allowed = float(workers)
        self._under_way = 0
        self._taken_off_at = 0
        self._calls = 0
        self._free = threading.Condition()
        self._halted = threading.Event()

    @property
    def allowed(self) -> int:
        """Calls that may be under way at once, now."""
        return max(1, int(self._allowed))

    @property
    def under_way(self) -> int:
        """Calls that are under way."""
        return self._under_way

    def halt(self) -> None:
        """Have every worker stop: those that wait, at once; the others after their call."""
        self._halted.set()
        with self._free:
            self._free.notify_all()

    @contextmanager
    def call(self) -> Iterator[int]:
        """A call's turn; its number. Raises `Halted`."""
        with self._free:
            self._free.wait_for(lambda: self._halted.is_set() or self._under_way < self.allowed)
            if self._halted.is_set():
                raise Halted
            self._under_way += 1
            self._calls += 1
            number = self._calls
        try:
            yield number
        finally:
            with self._free:
                self._under_way -= 1
                self._free.notify()

    def calm(self) -> None:
        """The table took a whole call."""
        with self._free:
            self.answered = True
            self._allowed = min(self._most, self._allowed + _MORE / self._allowed)
            self._free.notify()

    def throttled(self, call: int) -> None:
        """The table did not take all of call `call`.

        Calls that had begun before the last throttle was heeded say nothing new.
        """
        with self._free:
            self.answered = True
            self.throttles += 1
            if call > self._taken_off_at:
                self._allowed = max(1.0, self._allowed * _LESS)
                self._taken_off_at = self._calls

    def retry(self, patience: "Patience") -> None:
        """Wait before the next try, longer each time, at random. Raises `Halted`."""
        with self._free:
            self.retries += 1
        if self._halted.wait(patience.pause()):
            raise Halted


class Patience:
    """How long one batch is tried."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._tries = 0
        self._since = time.monotonic()

    def renew(self) -> None:
        """Some of the batch was taken."""
        self._tries = 0
        self._since = time.monotonic()

    def pause(self) -> float:
        """Seconds to wait before the next try."""
        longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0**self._tries)
        self._tries += 1
        return longest * random.uniform(0.5, 1)  # noqa: S311  # jitter

    @property
    def at_its_end(self) -> bool:
        """Whether it has been tried for long enough."""
        bound = PATIENCE_SECONDS if self._pace.answered else FIRST_PATIENCE_SECONDS
        return time.monotonic() - self._since >= bound

    @property
    def seconds(self) -> float:
        """How long it has been tried since any of it was taken."""
        return time.monotonic() - self._since


T = TypeVar("T")


class Refused(Exception):  # noqa: N818  # an answer of the table's
    """The table does not take what was sent: an item of it, or for its condition."""

    def __init__(self, failure: Failure, found: Mapping[str, Any] | None) -> None:
        super().__init__(failure.reason)
        self.kind = failure.kind
        self.found = found
        """The item that failed the condition, where the engine says it."""
        self.perhaps_done = failure.perhaps_done
        """Whether an earlier try, whose answer was lost, may have had its effect."""


class Stopped(Exception):  # noqa: N818  # for `OperatorError`
    """The load cannot go on: why, for people."""


class Calls:
    """Shared by all workers."""

    def __init__(self, client: "DynamoDBClient", pace: Pace) -> None:
        """`client` makes one try a call."""
        self._client = client
        self.pace = pace
        self.perhaps_written = False
        """Whether a write was done, or had no answer that says it was not."""

    @property
    def where(self) -> str:
        """Whom the calls go to."""
        meta = self._client.meta
        return f"{meta.endpoint_url} in region {meta.region_name}"

    def make(
        self, send: Callable[[], tuple[T, bool]], patience: Patience, *, writes: bool = True
    ) -> T:
        """What `send` gives, which also says whether the table took the whole of the call.

        Raises `Refused`; `Stopped` when no try can help, or none has for as long as `patience`
        lasts; `Halted`.
        """
        perhaps_done = False
        while True:
            with self.pace.call() as number:
                try:
                    answer, whole = send()
                except (ClientError, BotoCoreError, *NOT_UNDERSTOOD) as error:
                    failure = failure_of(self._client, error)
                    found = _item_of(error)
                else:
                    self._heed(number, whole=whole)
                    self.perhaps_written |= writes and whole
                    return answer
            perhaps_done |= failure.perhaps_done
            self.perhaps_written |= writes and failure.perhaps_done
            match failure.kind:
                case Kind.CONDITION | Kind.CONTENT:
                    self._heed(number, whole=True)
                    raise Refused(Failure(failure.kind, failure.reason, perhaps_done), found)
                case Kind.FINAL:
                    raise Stopped(failure.reason)
                case Kind.THROTTLED:
                    self.pace.throttled(number)
            self.again(patience, failure.reason)

    def again(self, patience: Patience, reason: str) -> None:
        """Wait for the next try. Raises `Stopped` because of `reason` at the end of `patience`."""
        if patience.at_its_end:
            message = f"{reason} (tried for {patience.seconds:.0f} s)"
            raise Stopped(message)
        self.pace.retry(patience)

    def _heed(self, number: int, *, whole: bool) -> None:
        if whole:
            self.pace.calm()
        else:
            self.pace.throttled(number)


def _item_of(error: Exception) -> Mapping[str, Any] | None:
    response: Any = error.response if isinstance(error, ClientError) else {}
    return cast("Mapping[str, Any] | None", response.get("Item"))
