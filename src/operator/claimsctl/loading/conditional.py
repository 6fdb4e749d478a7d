"""Rows that heed what is in the table: looked at 25 a call, written one by one."""

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from claims_provider.claims.item import PARTITION_KEY, SORT_KEY, Item
from claims_provider.claims.key import LayerKey

from claimsctl.dataset.checked_file import NumberedRecord
from claimsctl.dataset.record import Record
from claimsctl.loading.calls import Calls, Refused, Stopped
from claimsctl.loading.condition import Fate, OnExisting, Reject, Write, decide
from claimsctl.loading.failure import Kind
from claimsctl.loading.outcome import Outcome, Rejection, Tally
from claimsctl.loading.pace import Patience

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
        self._calls = calls
        self._mode = mode
        self._resumed = resumed

    def write(self, batch: Sequence[NumberedRecord]) -> Outcome:
        """Settle each row of `batch`, at most 25, no key twice. Raises `Stopped` and `Halted`."""
        found = self._look([numbered.record.key for numbered in batch])
        tally, rejections = Tally(), []
        for record in (numbered.record for numbered in batch):
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
                        found = refused.found or self._look([record.key]).get(record.key)
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

    def _look(self, keys: Iterable[LayerKey]) -> dict[LayerKey, Item]:
        """The items that there are under `keys`, as of now."""
        found: dict[LayerKey, Item] = {}
        left = set(keys)
        patience = Patience(self._calls.pace)
        while left:
            try:
                items, unread = self._calls.make(partial(self._read, left), patience, writes=False)
            except Refused as refused:
                message = f"the table cannot be read by pk and sk, both strings: {refused}"
                raise Stopped(message) from None
            found |= items
            if len(unread) < len(left):
                patience.renew()
            left = unread
            if left:
                reason = f"DynamoDB leaves {len(left)} keys unread, time and again"
                self._calls.again(patience, reason)
        return found

    def _read(self, keys: set[LayerKey]) -> tuple[tuple[dict[LayerKey, Item], set[LayerKey]], bool]:
        wire = [{PARTITION_KEY: {"S": key.pk}, SORT_KEY: {"S": key.sk}} for key in keys]
        answer = self._client.batch_get_item(
            RequestItems={self._table: {"Keys": wire, "ConsistentRead": True}}
        )
        found = {_key_of(item): item for item in answer["Responses"][self._table]}
        left = {
            _key_of(key) for key in answer["UnprocessedKeys"].get(self._table, {"Keys": []})["Keys"]
        }
        if not {*found, *left} <= keys or {*found} & left:
            message = "items that were not asked for"
            raise ValueError(message)
        return (found, left), not left


def _key_of(item: Mapping[str, Any]) -> LayerKey:
    return LayerKey(item[PARTITION_KEY]["S"], item[SORT_KEY]["S"])
