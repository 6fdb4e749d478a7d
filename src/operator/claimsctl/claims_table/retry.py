"""Calls to DynamoDB by several workers: fewer at once when throttled, retried when that helps."""

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
"""The same before any call was answered: the endpoint is then probably wrong."""

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 10.0
_THROTTLED_FACTOR = 0.7
_RECOVERY = 0.5
"""Concurrent calls added after each round of calls without a throttle."""

T = TypeVar("T")


class Cancelled(Exception):  # noqa: N818  # a request, not an error
    """The load is stopping, and the worker must stop too."""


class CallFailed(Exception):  # noqa: N818  # the loader turns it into the operator's error
    """A call failed permanently, so that the load cannot continue; has the reason as text."""


class ItemRefused(Exception):  # noqa: N818  # a result that callers handle
    """DynamoDB rejected an item of the call, or the call's condition failed."""

    def __init__(self, failure: Failure, found: Mapping[str, Any] | None) -> None:
        super().__init__(failure.reason)
        self.kind = failure.kind
        self.found = found
        """The item that failed the condition, if DynamoDB returned it."""
        self.may_have_written = failure.may_have_written
        """Whether an earlier attempt, whose answer was lost, may have taken effect."""


class RateLimiter:
    """The limit of concurrent calls: throttles reduce it by 30 percent, successes raise it slowly.

    Shared by all workers.
    """

    def __init__(self, calls_max: int) -> None:
        self.throttles = 0
        """The number of calls that were throttled, or partly left unprocessed by DynamoDB."""
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
        """The number of calls that may currently run at once."""
        return max(1, int(self._allowed))

    @property
    def is_cancelled(self) -> bool:
        """Whether no more calls may begin."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Stop all workers: waiting workers immediately, the others after their current call."""
        self._cancelled.set()
        with self._free:
            self._free.notify_all()

    @contextmanager
    def call(self) -> Iterator[int]:
        """Wait for the turn of one call and yield its number. Raises `Cancelled`."""
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
        """Note that DynamoDB accepted a whole call."""
        with self._free:
            self.answered = True
            self._allowed = min(self._calls_max, self._allowed + _RECOVERY / self._allowed)
            self._free.notify()

    def throttled(self, call: int) -> None:
        """Note that DynamoDB did not accept all of `call`.

        A call that began before the last reduction does not cause another one.
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
    """How long one batch is retried, and how long to pause between attempts."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter
        self.renew()

    def renew(self) -> None:
        """Start again, because a part of the batch was accepted."""
        self._tries = 0
        self._since = time.monotonic()

    def next_pause(self) -> float:
        """Return the seconds to wait before the next attempt: exponential, with jitter."""
        longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0**self._tries)
        self._tries += 1
        return longest * random.uniform(0.5, 1)  # noqa: S311  # jitter

    @property
    def is_spent(self) -> bool:
        """Whether no attempts are left."""
        bound = BUDGET_SECONDS if self._limiter.answered else FIRST_BUDGET_SECONDS
        return self.seconds >= bound

    @property
    def seconds(self) -> float:
        """The time since the first attempt, or since a part of the batch was accepted."""
        return time.monotonic() - self._since


class Retrier:
    """Makes calls and retries those that failed temporarily. Shared by all workers.

    `client` must not retry calls itself.
    """

    def __init__(self, client: "DynamoDBClient", limiter: RateLimiter) -> None:
        self.client = client
        self.limiter = limiter
        self.retries = 0
        """The number of calls that were retried."""
        self.may_have_written = False
        """Whether a write succeeded, or may have succeeded because its answer was lost."""
        self._lock = threading.Lock()

    def call(
        self, send: Callable[[], tuple[T, bool]], budget: RetryBudget, *, writes: bool = True
    ) -> T:
        """Return what `send` returns; its flag is whether DynamoDB accepted the whole call.

        Raises `ItemRefused`; `CallFailed` when retrying cannot help or `budget` is spent; and
        `Cancelled`.
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
        """Wait for the next attempt. Raises `CallFailed` with `reason` when `budget` is spent."""
        if budget.is_spent:
            self._fail(f"{reason} (retried for {budget.seconds:.0f} s)")
        with self._lock:
            self.retries += 1
        self.limiter.pause(budget.next_pause())

    def _fail(self, reason: str) -> NoReturn:
        self.limiter.cancel()  # the other workers' calls would fail too
        raise CallFailed(reason)


def _item_of(error: Exception) -> Mapping[str, Any] | None:
    response: Any = error.response if isinstance(error, ClientError) else {}
    return cast("Mapping[str, Any] | None", response.get("Item"))
