"""What is in the table under the keys of a batch, before the batch is written."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from claims_provider.claims.item import Item
from claims_provider.claims.key import LayerKey

from claimsctl.claims_table.items import key_of
from claimsctl.claims_table.reader import wire_key
from claimsctl.claims_table.retry import Calls, Patience, Refused, Stopped

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class Look:
    """Consistent reads of one table, as patient as its writes."""

    def __init__(self, client: "DynamoDBClient", table: str, calls: Calls) -> None:
        self._client = client
        self._table = table
        self._calls = calls

    def items(self, keys: Iterable[LayerKey]) -> dict[LayerKey, Item]:
        """The items that there are under `keys`, as of now. Raises `Stopped` and `Halted`."""
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
        answer = self._client.batch_get_item(
            RequestItems={
                self._table: {"Keys": [wire_key(key) for key in keys], "ConsistentRead": True}
            }
        )
        found: dict[LayerKey, Item] = {
            key_of(item): item for item in answer["Responses"][self._table]
        }
        unread = answer["UnprocessedKeys"].get(self._table, {"Keys": []})["Keys"]
        left = {key_of(key) for key in unread}
        if not {*found, *left} <= keys or {*found} & left:
            message = "items that were not asked for"
            raise ValueError(message)
        return (found, left), not left
