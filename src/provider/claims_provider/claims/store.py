"""Read the items of keys with one BatchGetItem, within the deadline.

There is no cache: Entra allows a tenant 50 callouts a second, which DynamoDB serves without one,
and a cache would only delay revocations.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

from claims_provider.claims.item import PARTITION_KEY, SORT_KEY, Item
from claims_provider.claims.key import LayerKey
from claims_provider.deadline import Deadline
from claims_provider.errors import StoreFailure, StoreFailureReason
from claims_provider.worker import NoAnswer, WorkerPool

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ATTEMPTS: Final = 2
"""Calls per callout: one, and another one after a transient failure."""

COLD_START_MS: Final = 2000
"""The time limit for the first client, including credentials: Entra's longest wait."""

_BACK_OFF_SECONDS: Final = (0.010, 0.040)
_PASSING: Final = frozenset(
    {
        StoreFailureReason.TIMEOUT,
        StoreFailureReason.CONNECTION,
        StoreFailureReason.THROTTLED,
        StoreFailureReason.SERVER_ERROR,
        StoreFailureReason.GARBAGE,
    }
)
_THROTTLES: Final = frozenset(
    {"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"}
)
_HTTP_SERVER_ERROR: Final = 500


class ClaimsStore:
    """Reads the claims table."""

    def __init__(self, table: str, connect: "Callable[[], DynamoDBClient]") -> None:
        """`connect` creates a client that never retries and waits for a part of the budget only.

        It is called once now, so that the first client is part of the cold start, and again after a
        worker was abandoned. While credentials fail or hang, each callout fails.
        """
        self._table = table
        self._workers = WorkerPool(connect)
        with suppress(NoAnswer, CredentialRetrievalError):
            self._workers.run(lambda _: None, Deadline.after_ms(COLD_START_MS))

    def rest(self, deadline: Deadline) -> None:
        """Drop the client, its connection and credentials; the next `read` creates new ones.

        Waits for a hanging call until `deadline` at most.
        """
        self._workers.rest(deadline)

    def renew(self) -> None:
        """Drop the client and start to create another. Never waits; the next `read` does."""
        self._workers.abandon()
        with suppress(NoAnswer):  # the next `read` reports it
            self._workers.connect()

    @property
    def stuck_workers(self) -> int:
        """Return the number of abandoned calls that have not returned."""
        return self._workers.stuck

    def read(self, keys: Sequence[LayerKey], deadline: Deadline) -> dict[LayerKey, Item]:
        """Return the existing items of `keys` (at most 100, without duplicates).

        Raises `StoreFailure` if not all keys can be read within `deadline`: an unprocessed key is
        never treated as an item that does not exist.
        """
        try:
            found: dict[LayerKey, Item] = self._workers.run(
                lambda client: self._read(client, keys, deadline), deadline
            )
        except NoAnswer as late:
            reason = StoreFailureReason.TIMEOUT if late.begun else StoreFailureReason.WORKERS_STUCK
            raise StoreFailure(reason, stuck_workers=late.stuck_workers) from None
        except (BotoCoreError, ClientError) as error:  # no client, usually no credentials
            raise _failure_of(error) from None
        return found

    def _read(
        self, client: "DynamoDBClient", keys: Sequence[LayerKey], deadline: Deadline
    ) -> dict[LayerKey, Item]:
        found: dict[LayerKey, Item] = {}
        pending: list[Any] = [
            {PARTITION_KEY: {"S": key.pk}, SORT_KEY: {"S": key.sk}} for key in keys
        ]
        failure: StoreFailure | None = None
        for attempt in range(ATTEMPTS):
            if attempt:
                pause = random.uniform(*_BACK_OFF_SECONDS)  # noqa: S311  # jitter
                if deadline.remaining() <= pause:
                    break
                time.sleep(pause)
            try:
                answer = client.batch_get_item(RequestItems={self._table: {"Keys": pending}})
                found |= {_key_of(item): item for item in answer["Responses"][self._table]}
                unprocessed = answer["UnprocessedKeys"].values()
                pending = [key for left in unprocessed for key in left["Keys"]]
            except Exception as error:  # noqa: BLE001  # botocore's parsers raise what they please
                failure = _failure_of(error)
                if failure.reason not in _PASSING:
                    break
            else:
                failure = None
                if not pending:
                    return found
        raise failure or StoreFailure(StoreFailureReason.UNPROCESSED, unprocessed=len(pending))


def _key_of(item: Mapping[str, Any]) -> LayerKey:
    return LayerKey(item[PARTITION_KEY]["S"], item[SORT_KEY]["S"])


def _failure_of(error: Exception) -> StoreFailure:
    if isinstance(error, ClientError):
        return _refusal_of(error)
    match error:
        case ConnectTimeoutError() | ReadTimeoutError():
            reason = StoreFailureReason.TIMEOUT
        case HTTPClientError() | BotoConnectionError():
            reason = StoreFailureReason.CONNECTION
        case NoCredentialsError() | PartialCredentialsError() | CredentialRetrievalError():
            reason = StoreFailureReason.CREDENTIALS
        case _:
            reason = StoreFailureReason.GARBAGE
    return StoreFailure(reason, error=type(error).__name__)


def _refusal_of(error: ClientError) -> StoreFailure:
    code = str(error.response.get("Error", {}).get("Code", ""))[:60]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _THROTTLES:
        return StoreFailure(StoreFailureReason.THROTTLED, error=code)
    if status >= _HTTP_SERVER_ERROR:
        return StoreFailure(StoreFailureReason.SERVER_ERROR, status=status)
    return StoreFailure(StoreFailureReason.REFUSED, error=code, status=status)
