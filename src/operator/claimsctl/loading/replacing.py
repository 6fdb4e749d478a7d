"""Rows in place of what is in the table: 25 a call, in no order."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from claims_provider.claims.key import LayerKey

from claimsctl.dataset.checked_file import NumberedRecord
from claimsctl.loading.batch_write import BatchWrite, prepared_put
from claimsctl.loading.calls import Calls, Refused
from claimsctl.loading.outcome import Outcome, Rejection, Tally
from claimsctl.loading.pace import Patience

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

BATCH_ITEMS_MAX = 25
"""Items in one BatchWriteItem; DynamoDB's limit."""

_Puts = dict[LayerKey, bytes]


class ReplacingWriter:
    """``--on-existing replace``. Written twice, a row is as if it were written once."""

    def __init__(self, client: "DynamoDBClient", table: str, calls: Calls) -> None:
        self._batch_write = BatchWrite(client, table)
        self._table = table
        self._calls = calls

    def write(self, batch: Sequence[NumberedRecord]) -> Outcome:
        """Put all of `batch`, at most 25 rows, no key twice. Raises `Stopped` and `Halted`."""
        records = {numbered.record.key: numbered.record for numbered in batch}
        puts = {key: prepared_put(record) for key, record in records.items()}
        refused = self._put(puts, Patience(self._calls.pace))
        rejections = [Rejection(records[key], reason) for key, reason in refused.items()]
        return Outcome(Tally(len(batch) - len(rejections), rejected=len(rejections)), rejections)

    def _put(self, puts: _Puts, patience: Patience) -> dict[LayerKey, str]:
        """The puts that DynamoDB refuses, and why; all the others are done."""
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
        return {}

    def _part(self, puts: _Puts, reason: str, patience: Patience) -> dict[LayerKey, str]:
        """One item has a whole call refused, without a word which: so halve until it is alone."""
        if len(puts) == 1:
            return dict.fromkeys(puts, reason)
        entries, middle = list(puts.items()), len(puts) // 2
        return {
            **self._put(dict(entries[:middle]), patience),
            **self._put(dict(entries[middle:]), patience),
        }

    def _send(self, puts: _Puts) -> tuple[_Puts, bool]:
        answer = self._batch_write.send(puts.values())
        requests = answer["UnprocessedItems"].get(self._table, [])
        items = [request["PutRequest"]["Item"] for request in requests]
        keys = [LayerKey(item["pk"]["S"], item["sk"]["S"]) for item in items]
        left = {key: puts[key] for key in keys}  # of another's items: KeyError, not understood
        return left, not left
