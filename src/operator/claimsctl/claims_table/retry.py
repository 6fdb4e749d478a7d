"""Calls to the table by several workers: fewer at once when throttled, repeated where it helps."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from botocore.exceptions import ClientError

from claimsctl.claims_table.errors import CALL_ERRORS, Failure, FailureKind, failure_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

BUDGET_SECONDS = 120.0
"""How long a batch is retried without progress before the load stops."""

FIRST_BUDGET_SECONDS = 15.0
"""The same while the table has not answered any call: then it is most likely the wrong place."""

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 10.0
_THROTTLED_FACTOR = 0.7
_RECOVERY = 0.5
"""Calls added for each round of calls without a throttle."""

T = TypeVar("T")


class Cancelled(Exception):  # noqa: N818  # an order, not an error
    """The load stops; the worker leaves what it was doing."""


class CallFailed(Exception):  # noqa: N818  # the loader turns it into the operator's error
    """A call failed for good, so that the load cannot continue: the reason, for people."""


class ItemRefused(Exception):  # noqa: N818  # an answer of DynamoDB's
    """DynamoDB refuses an item of the call, or the call's condition failed."""

    def __init__(self, failure: Failure, found: Mapping[str, Any] | None) -> None:
        super().__init__(failure.reason)
        self.kind = failure.kind
        self.found = found
        """The item that failed the condition, where the engine returns it."""
        self.may_have_written = failure.may_have_written
        """Whether an earlier try, whose answer was lost, may have taken effect."""


class RateLimiter:
    """How many calls may be under way at once: a throttle takes off a third, successes add slowly.

    Shared by all workers.
    """

    def __init__(self, calls_max: int) -> None:
        self.throttles = 0
        """Calls that were throttled, or of which DynamoDB left a part unprocessed."""
        self.answered = False
        """Whether the table has answered any call."""
        self._calls_max = float(calls_max)
        self._allowed = float(calls_max)
        self._under_way = 0
        self._begun = 0
        self._throttled_at = 0
        self._free = threading.Condition()
        self._cancelled = threading.Event()

    @property
    def allowed(self) -> int:
        """Calls that may be under way at once, now."""
        return max(1, int(self._allowed))

    @property
    def is_cancelled(self) -> bool:
        """Whether no call may begin any more."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Stop all workers: those that wait, at once; the others after their call."""
        self._cancelled.set()
        with self._free:
            self._free.notify_all()

    @contextmanager
    def call(self) -> Iterator[int]:
        """One call's turn; gives its number. Raises `Cancelled`."""
        with self._free:
            self._free.wait_for(lambda: self.is_cancelled or self._under_way < self.allowed)
            if self.is_cancelled:
                raise Cancelled
            self._under_way += 1
            self._begun += 1
            number = self._begun
        try:
            yield number
        finally:
            with self._free:
                self._under_way -= 1
                self._free.notify()

    def succeeded(self) -> None:
        """The table accepted a whole call."""
        with self._free:
            self.answered = True
            self._allowed = min(self._calls_max, self._allowed + _RECOVERY / self._allowed)
            self._free.notify()

    def throttled(self, call: int) -> None:
        """The table did not accept all of `call`.

        Calls that began before the last slow-down carry no news, and slow nothing down again.
        """
        with self._free:
            self.answered = True
            self.throttles += 1
            if call > self._throttled_at:
                self._allowed = max(1.0, self._allowed * _THROTTLED_FACTOR)
                self._throttled_at = self._begun

    def pause(self, seconds: float) -> None:
        """Wait. Raises `Cancelled`."""
        if self._cancelled.wait(seconds):
            raise Cancelled


class RetryBudget:
    """How long one batch is retried, and how long the pauses are."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter
        self.renew()

    def renew(self) -> None:
        """Start again: a part of the batch was accepted."""
        self._tries = 0
        self._since = time.monotonic()

    def next_pause(self) -> float:
        """Seconds to wait before the next try: twice as many each time, with jitter."""
        longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0**self._tries)
        self._tries += 1
        return longest * random.uniform(0.5, 1)  # noqa: S311  # jitter

    @property
    def is_spent(self) -> bool:
        """Whether there is no further try."""
        bound = BUDGET_SECONDS if self._limiter.answered else FIRST_BUDGET_SECONDS
        return self.seconds >= bound

    @property
    def seconds(self) -> float:
        """Time since the first try, or since a part of the batch was accepted."""
        return time.monotonic() - self._since


class Retrier:
    """Makes calls, and repeats those that failed for a reason that passes. Shared by all workers.

    `client` must make one try a call.
    """

    def __init__(self, client: "DynamoDBClient", limiter: RateLimiter) -> None:
        self.client = client
        self.limiter = limiter
        self.retries = 0
        """Calls that were made again, for any reason."""
        self.may_have_written = False
        """Whether a write succeeded, or has no answer that says it did not."""
        self._lock = threading.Lock()

    def call(
        self, send: Callable[[], tuple[T, bool]], budget: RetryBudget, *, writes: bool = True
    ) -> T:
        """What `send` returns; its flag says whether the table accepted the whole call.

        Raises `ItemRefused`; `CallFailed` when no try can help, or `budget` is spent; `Cancelled`.
        """
        may_have_written = False
        while True:
            with self.limiter.call() as number:
                try:
                    answer, whole = send()
                except CALL_ERRORS as error:
                    failure, found = failure_of(self.client, error), _item_of(error)
                else:
                    self.may_have_written |= writes and whole
                    if whole:
                        self.limiter.succeeded()
                    else:
                        self.limiter.throttled(number)
                    return answer
            may_have_written |= failure.may_have_written
            self.may_have_written |= writes and failure.may_have_written
            match failure.kind:
                case FailureKind.CONDITION_FAILED | FailureKind.ITEM_REFUSED:
                    self.limiter.succeeded()
                    raise ItemRefused(
                        Failure(failure.kind, failure.reason, may_have_written), found
                    )
                case FailureKind.FATAL:
                    self._fail(failure.reason)
                case FailureKind.THROTTLED:
                    self.limiter.throttled(number)
            self.wait(budget, failure.reason)

    def wait(self, budget: RetryBudget, reason: str) -> None:
        """Wait for the next try. Raises `CallFailed` with `reason` when `budget` is spent."""
        if budget.is_spent:
            self._fail(f"{reason} (tried for {budget.seconds:.0f} s)")
        with self._lock:
            self.retries += 1
        self.limiter.pause(budget.next_pause())

    def _fail(self, reason: str) -> NoReturn:
        self.limiter.cancel()  # what one worker cannot do, the others need not try
        raise CallFailed(reason)


def _item_of(error: Exception) -> Mapping[str, Any] | None:
    response: Any = error.response if isinstance(error, ClientError) else {}
    return cast("Mapping[str, Any] | None", response.get("Item"))
