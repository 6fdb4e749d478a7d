"""The writer for what is wanted of rows whose key is in the table already."""

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from claims_provider.claims.item import Item
from claims_provider.claims.key import LayerKey

from claimsctl.claims_file.record import Record
from claimsctl.claims_table.diff import says_the_same
from claimsctl.claims_table.errors import Kind
from claimsctl.claims_table.existing_items import Look
from claimsctl.claims_table.location import TableLocation
from claimsctl.claims_table.retry import Calls, Pace, Patience, Refused
from claimsctl.claims_table.upsert import Fate, OnExisting, Reject, Write, decide
from claimsctl.loading.batch_write import BatchWrite
from claimsctl.loading.outcome import Outcome, Rejection, Tally
from claimsctl.loading.workers import Writer

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_ROUNDS = 10
"""How often a row is looked at anew because somebody else has changed its item meanwhile."""

_WRITTEN = Tally(written=1)


class ConditionalWriter:
    """``--on-existing merge``, ``skip`` and ``fail``: each write has a condition.

    BatchWriteItem takes none, so that a row is a call of its own. Written twice, a row is as if it
    were written once: what is found as the row wants it is not written again.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        calls: Calls,
        mode: OnExisting,
        *,
        resumed: bool,
    ) -> None:
        """`resumed`: what is found as a row wants it was written by the load that was cut off."""
        self._client: Any = client
        self._table = table
        self._look = Look(client, table, calls)
        self._calls = calls
        self._mode = mode
        self._resumed = resumed

    def write(self, batch: Sequence[Record]) -> Outcome:
        """Settle each row of `batch`, at most 25, no key twice. Raises `Stopped` and `Halted`."""
        found = self._look.items([record.key for record in batch])
        tally, rejections = Tally(), []
        for record in batch:
            fate = self._settle(record, found.get(record.key))
            if isinstance(fate, Reject):
                rejections.append(Rejection(record, fate.reason))
                fate = Tally(rejected=1)
            tally += fate
        return Outcome(tally, rejections)

    def _settle(self, record: Record, found: Item | None) -> Tally | Reject:
        ours = self._resumed
        patience = Patience(self._calls.pace)
        for _ in range(_ROUNDS):
            match decide(self._mode, record, found, time.time()):
                case Reject() as reject:
                    return reject
                case Fate.UNCHANGED:
                    return _WRITTEN if ours else Tally(unchanged=1)
                case Fate.SKIPPED:
                    return Tally(skipped=1)
                case Write() as write:
                    try:
                        self._calls.make(partial(self._send, write), patience)
                    except Refused as refused:
                        if refused.kind is Kind.CONTENT:
                            return Reject(str(refused))
                        ours = ours or refused.perhaps_done
                        found = refused.found or self._look.items([record.key]).get(record.key)
                    else:
                        return _WRITTEN
        return Reject(f"somebody else changed the item {_ROUNDS} times while it was written")

    def _send(self, write: Write) -> tuple[None, bool]:
        getattr(self._client, write.operation)(
            TableName=self._table,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **write.parameters,
        )
        return None, True


BATCH_ITEMS_MAX = 25
"""Items in one BatchWriteItem; DynamoDB's limit."""

_Put = tuple[Record, dict[str, Any]]
"""A row, and its item."""


class ReplacingWriter:
    """``--on-existing replace``. Written twice, a row is as if it were written once."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        calls: Calls,
        *,
        looks: bool = False,
        resumed: bool = False,
    ) -> None:
        """`looks`: what the table has already in meaning is read, a fifth of a write, and not put.

        `resumed`: what is found so was written by the load that was cut off.
        """
        self._look = Look(client, table, calls) if looks else None
        self._resumed = resumed
        self._batch_write = BatchWrite(client, table)
        self._table = table
        self._calls = calls

    def write(self, batch: Sequence[Record]) -> Outcome:
        """Put all of `batch`, at most 25 rows, no key twice. Raises `Stopped` and `Halted`."""
        records = self._differing(batch)
        puts = [(record, record.to_item()) for record in records]
        rejections = self._put(puts, Patience(self._calls.pace))
        unchanged = 0 if self._resumed else len(batch) - len(records)
        written = len(batch) - unchanged - len(rejections)
        return Outcome(Tally(written, unchanged, rejected=len(rejections)), rejections)

    def _differing(self, records: Sequence[Record]) -> Sequence[Record]:
        if self._look is None:
            return records
        found = self._look.items([record.key for record in records])
        return [
            record
            for record in records
            if (item := found.get(record.key)) is None or not says_the_same(item, record)
        ]

    def _put(self, puts: Sequence[_Put], patience: Patience) -> list[Rejection]:
        """The rows that DynamoDB refuses, and why; all the others are done."""
        while puts:
            try:
                left = self._calls.make(partial(self._send, puts), patience)
            except Refused as refused:
                return self._part(puts, str(refused), patience)
            if len(left) < len(puts):
                patience.renew()
                self._calls.perhaps_written = True
            puts = left
            if puts:
                reason = f"DynamoDB leaves {len(puts)} items unprocessed, time and again"
                self._calls.again(patience, reason)
        return []

    def _part(self, puts: Sequence[_Put], reason: str, patience: Patience) -> list[Rejection]:
        """One item has a whole call refused, without a word which: so halve until it is alone."""
        if len(puts) == 1:
            return [Rejection(puts[0][0], reason)]
        middle = len(puts) // 2
        return self._put(puts[:middle], patience) + self._put(puts[middle:], patience)

    def _send(self, puts: Sequence[_Put]) -> tuple[Sequence[_Put], bool]:
        answer = self._batch_write.put(item for _, item in puts)
        requests = answer["UnprocessedItems"].get(self._table, [])
        if not requests:
            return (), True
        items = [request["PutRequest"]["Item"] for request in requests]
        keys = {LayerKey(item["pk"]["S"], item["sk"]["S"]) for item in items}
        left = [put for put in puts if put[0].key in keys]
        if len(left) != len(requests):
            message = "items that were not sent"
            raise ValueError(message)
        return left, False


def loading_config(workers: int) -> Config:
    """How the AWS SDK is to call for `workers`: tries are counted and spaced here, not there."""
    return Config(
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=workers,
    )


def connect(
    location: TableLocation, mode: OnExisting, workers: int, *, looks: bool, resumed: bool
) -> tuple[Writer, Calls]:
    """What writes rows into the table at `location`, and `looks` before it replaces any.

    Raises `OperatorError`, see `client`.
    """
    client = location.client(loading_config(workers))
    calls = Calls(client, Pace(workers))
    if mode is OnExisting.REPLACE:
        writer = ReplacingWriter(client, location.name, calls, looks=looks, resumed=resumed)
        return writer, calls
    return ConditionalWriter(client, location.name, calls, mode, resumed=resumed), calls
