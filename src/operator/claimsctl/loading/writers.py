"""Writers of batches: one for `--on-existing replace`, one for the conditional modes."""

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from botocore.config import Config
from claims_provider.claims.item import Item
from claims_provider.claims.key import LayerKey

from claimsctl.claims_file.record import Record
from claimsctl.claims_table.diff import has_same_content
from claimsctl.claims_table.errors import FailureKind
from claimsctl.claims_table.items import key_of
from claimsctl.claims_table.location import TableLocation
from claimsctl.claims_table.reader import batches, existing_items
from claimsctl.claims_table.retry import CallFailed, ItemRefused, RateLimiter, Retrier, RetryBudget
from claimsctl.claims_table.upsert import NoWrite, OnExisting, Reject, Write, decide
from claimsctl.errors import OperatorError
from claimsctl.loading.results import BatchResult, Rejection, RowCounts

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

BATCH_ITEMS_MAX = 25
"""Items in one BatchWriteItem; DynamoDB's limit."""

_ROUNDS = 10
"""How often a row is retried because its item changed between the read and the write."""

_WRITTEN = RowCounts(written=1)


class Writer(Protocol):
    """Writes batches of at most `BATCH_ITEMS_MAX` records with different keys, from any thread.

    Writing a batch is idempotent.
    """

    def write(self, batch: Sequence[Record]) -> BatchResult:
        """Settle every row of `batch`. Raises `CallFailed` and `Cancelled`."""


class ReplacingWriter:
    """The writer for ``--on-existing replace``, which uses BatchWriteItem."""

    def __init__(
        self, retrier: Retrier, table: str, *, compares: bool = False, resumed: bool = False
    ) -> None:
        """`compares`: read items first, at a fifth of a write's price, and write what differs.

        `resumed`: an item that matches its row is counted as written by the interrupted run.
        """
        self._retrier = retrier
        self._table = table
        self._compares = compares
        self._resumed = resumed

    def write(self, batch: Sequence[Record]) -> BatchResult:
        """See `Writer`."""
        records = self._differing(batch) if self._compares else batch
        items = [record.to_item() for record in records]
        refused = self._put(items, RetryBudget(self._retrier.limiter))
        rejections = [
            Rejection(record, refused[record.key])
            for record in (records if refused else ())
            if record.key in refused
        ]
        unchanged = 0 if self._resumed else len(batch) - len(records)
        written = len(batch) - unchanged - len(rejections)
        return BatchResult(RowCounts(written, unchanged, rejected=len(rejections)), rejections)

    def _differing(self, records: Sequence[Record]) -> Sequence[Record]:
        found = existing_items(self._retrier, self._table, (record.key for record in records))
        return [
            record
            for record in records
            if (item := found.get(record.key)) is None or not has_same_content(item, record)
        ]

    def _put(self, items: Sequence[Item], budget: RetryBudget) -> dict[LayerKey, str]:
        """Put all items; return the keys of those that DynamoDB rejects, with the reasons."""
        while items:
            try:
                unprocessed = self._retrier.call(partial(self._send, items), budget)
            except ItemRefused as error:
                return self._put_halves(items, str(error), budget)
            if len(unprocessed) < len(items):
                budget.renew()
                self._retrier.may_have_written = True
            items = unprocessed
            if items:
                reason = f"DynamoDB repeatedly left {len(items)} items unprocessed"
                self._retrier.wait(budget, reason)
        return {}

    def _put_halves(
        self, items: Sequence[Item], reason: str, budget: RetryBudget
    ) -> dict[LayerKey, str]:
        """Find the rejected item by bisection: it fails the whole call, which does not name it."""
        if len(items) == 1:
            return {key_of(items[0]): reason}
        middle = len(items) // 2
        return self._put(items[:middle], budget) | self._put(items[middle:], budget)

    def _send(self, items: Sequence[Item]) -> tuple[Sequence[Item], bool]:
        """Send the items; return those left unprocessed, and whether there are none."""
        puts: Any = [{"PutRequest": {"Item": item}} for item in items]
        answer = self._retrier.client.batch_write_item(RequestItems={self._table: puts})
        left = answer["UnprocessedItems"].get(self._table, [])
        if not left:
            return (), True
        keys = {key_of(request["PutRequest"]["Item"]) for request in left}
        unprocessed = [item for item in items if key_of(item) in keys]
        if len(unprocessed) != len(left):
            message = "the answer contains items that were not sent"
            raise ValueError(message)
        return unprocessed, False


class ConditionalWriter:
    """The writer for ``--on-existing merge``, ``skip`` and ``fail``: one conditional write per row.

    BatchWriteItem does not support conditions.
    """

    def __init__(
        self, retrier: Retrier, table: str, mode: OnExisting, *, resumed: bool = False
    ) -> None:
        """`resumed`: an item that matches its row is counted as written by the interrupted run."""
        self._retrier = retrier
        self._table = table
        self._mode = mode
        self._resumed = resumed

    def write(self, batch: Sequence[Record]) -> BatchResult:
        """See `Writer`."""
        found = existing_items(self._retrier, self._table, (record.key for record in batch))
        counts, rejections = RowCounts(), []
        for record in batch:
            match self._settle(record, found.get(record.key)):
                case Reject(reason):
                    rejections.append(Rejection(record, reason))
                    counts += RowCounts(rejected=1)
                case settled:
                    counts += settled
        return BatchResult(counts, rejections)

    def _settle(self, record: Record, found: Item | None) -> RowCounts | Reject:
        written_before = self._resumed
        budget = RetryBudget(self._retrier.limiter)
        for _ in range(_ROUNDS):
            match decide(self._mode, record, found, time.time()):
                case Reject() as reject:
                    return reject
                case NoWrite.UNCHANGED:
                    return _WRITTEN if written_before else RowCounts(unchanged=1)
                case NoWrite.SKIPPED:
                    return RowCounts(skipped=1)
                case Write() as write:
                    try:
                        self._retrier.call(partial(self._send, write), budget)
                    except ItemRefused as error:
                        if error.kind is FailureKind.ITEM_REFUSED:
                            return Reject(str(error))
                        written_before = written_before or error.may_have_written
                        found = error.found or self._read(record.key)
                    else:
                        return _WRITTEN
        return Reject(
            f"the item was changed by another process during each of {_ROUNDS} attempts to write it"
        )

    def _read(self, key: LayerKey) -> Item | None:
        return existing_items(self._retrier, self._table, [key]).get(key)

    def _send(self, write: Write) -> tuple[None, bool]:
        getattr(self._retrier.client, write.operation)(
            TableName=self._table,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **write.parameters,
        )
        return None, True


def open_writer(
    location: TableLocation, mode: OnExisting, workers: int, *, compares: bool, resumed: bool
) -> tuple[Writer, Retrier]:
    """Return a writer for the table at `location`, and the retrier that makes its calls.

    For `compares` and `resumed`, see `ReplacingWriter`. Raises `OperatorError` like
    `TableLocation.client`.
    """
    client = location.client(client_config(workers))
    retrier = Retrier(client, RateLimiter(workers))
    if mode is OnExisting.REPLACE:
        writer = ReplacingWriter(retrier, location.name, compares=compares, resumed=resumed)
        return writer, retrier
    return ConditionalWriter(retrier, location.name, mode, resumed=resumed), retrier


def client_config(workers: int) -> Config:
    """Return the SDK's settings for a load with `workers`.

    `Retrier` makes the retries. The mode is ``legacy`` because ``standard`` does not report an
    answer with a wrong checksum when no retry is allowed. Parameters are not validated, since items
    are known to be valid and validation takes half of a call's CPU time.
    """
    return Config(
        retries={"total_max_attempts": 1, "mode": "legacy"},
        max_pool_connections=workers,
        parameter_validation=False,
    )


def write_records(client: "DynamoDBClient", table: str, records: Sequence[Record]) -> int:
    """Write `records` to `table` without a file, replacing items; return their number.

    Raises `OperatorError` when a record cannot be written.
    """
    writer = ReplacingWriter(Retrier(client, RateLimiter(1)), table)
    for batch in batches(records, BATCH_ITEMS_MAX):
        try:
            result = writer.write(batch)
        except CallFailed as error:
            message = f"table {table}: {error}"
            raise OperatorError(message) from None
        for rejection in result.rejections:
            message = f"table {table}: {rejection.reason}"
            raise OperatorError(message)
    return len(records)
