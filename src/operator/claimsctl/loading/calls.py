"""Calls to the table: in turn, again where that may help, and no longer than patience lasts."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from botocore.exceptions import BotoCoreError, ClientError

from claimsctl.loading.failure import NOT_UNDERSTOOD, Failure, Kind, failure_of
from claimsctl.loading.pace import Pace, Patience

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

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
