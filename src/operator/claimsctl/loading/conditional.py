"""Rows that heed what is in the table: looked at 25 a call, written one by one."""

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from claims_provider.claims.item import Item

from claimsctl.dataset.checked_file import NumberedRecord
from claimsctl.dataset.record import Record
from claimsctl.loading.calls import Calls, Refused
from claimsctl.loading.condition import Fate, OnExisting, Reject, Write, decide
from claimsctl.loading.failure import Kind
from claimsctl.loading.look import Look
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
        self._look = Look(client, table, calls)
        self._calls = calls
        self._mode = mode
        self._resumed = resumed

    def write(self, batch: Sequence[NumberedRecord]) -> Outcome:
        """Settle each row of `batch`, at most 25, no key twice. Raises `Stopped` and `Halted`."""
        found = self._look.items([numbered.record.key for numbered in batch])
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
