"""Rows in place of what is in the table: 25 a call, in no order."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from claims_provider.claims.key import LayerKey

from claimsctl.dataset.checked_file import NumberedRecord
from claimsctl.dataset.plan import says_the_same
from claimsctl.dataset.record import Record
from claimsctl.loading.batch_write import BatchWrite
from claimsctl.loading.calls import Calls, Refused
from claimsctl.loading.look import Look
from claimsctl.loading.outcome import Outcome, Rejection, Tally
from claimsctl.loading.pace import Patience

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

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

    def write(self, batch: Sequence[NumberedRecord]) -> Outcome:
        """Put all of `batch`, at most 25 rows, no key twice. Raises `Stopped` and `Halted`."""
        records = self._differing([numbered.record for numbered in batch])
        puts = [(record, record.to_item()) for record in records]
        rejections = self._put(puts, Patience(self._calls.pace))
        unchanged = 0 if self._resumed else len(batch) - len(records)
        written = len(batch) - unchanged - len(rejections)
        return Outcome(Tally(written, unchanged, rejected=len(rejections)), rejections)

    def _differing(self, records: list[Record]) -> list[Record]:
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
