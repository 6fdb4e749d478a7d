"""Reading of the table: some keys, one partition, or all of it in parallel.

Reads are strongly consistent, so that they see what was just loaded; they cost twice as much as
eventually consistent reads.
"""

import random
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from claims_provider.claims.item import PARTITION_KEY, SORT_KEY, Item, Layer, read_item
from claims_provider.claims.key import LayerKey, tenant_key
from claims_provider.errors import StoreFailure

from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.validation import TenantLayers
from claimsctl.claims_table.errors import operator_errors
from claimsctl.claims_table.items import key_of, record_key
from claimsctl.claims_table.retry import CallFailed, ItemRefused, Retrier, RetryBudget
from claimsctl.errors import OperatorError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEYS_MAX = 100
"""DynamoDB's limit for the keys of one BatchGetItem."""

SEGMENTS = 8
"""Parallel scans of one table. An SDK client keeps ten connections open."""

WORKERS = 8
"""Threads of `in_parallel`, for the same reason."""

_ROUNDS = 10
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 5.0

_FILTERED_TENANTS_MAX = 50
"""Each takes 4 of the 300 operators that DynamoDB accepts, and 60 of the 4096 bytes."""

Page = Sequence[Item]
In = TypeVar("In")
Out = TypeVar("Out")


class TableReader:
    """A reader of one table; its methods raise `OperatorError` when it cannot be read."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self.client = client
        self.table = table

    def read(self, keys: Sequence[LayerKey]) -> dict[LayerKey, Item]:
        """Return the items that exist under `keys`: at most `KEYS_MAX`, all different."""
        found: dict[LayerKey, Item] = {}
        unread: Collection[LayerKey] = keys
        for round_ in range(_ROUNDS):
            if not unread:
                return found
            if round_:
                longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**round_)
                time.sleep(longest * random.random())  # noqa: S311  # jitter
            with operator_errors(self.client, self.table):
                items, unread = _batch_get(self.client, self.table, unread)
            found |= items
        if unread:
            message = (
                f"table {self.table}: {len(unread)} items could not be read: DynamoDB returned"
                f" them as unprocessed {_ROUNDS} times in a row. Try again when the table is less"
                " busy"
            )
            raise OperatorError(message)
        return found

    def partition(self, pk: str) -> list[Item]:
        """Return all items under the partition key `pk`, in the order of their sort keys."""
        items: list[Item] = []
        start: dict[str, Any] = {}
        while True:
            with operator_errors(self.client, self.table):
                answer = self.client.query(
                    TableName=self.table,
                    KeyConditionExpression=f"{PARTITION_KEY} = :pk",
                    ExpressionAttributeValues={":pk": {"S": pk}},
                    ConsistentRead=True,
                    **start,
                )
                items += answer["Items"]
                last = answer.get("LastEvaluatedKey")
            if not last:
                return items
            start = {"ExclusiveStartKey": last}

    def scan(self, tenants: Sequence[str] = ()) -> Iterator[Page]:
        """Yield all items in no particular order, in pages; with `tenants`, at least their items.

        The scans run in parallel, each at most one page (1 MB) ahead of the caller. An empty page
        still counts as progress. Closing the iterator ends the scans.
        """
        filtering = _tenant_filter(tenants)
        with ThreadPoolExecutor(SEGMENTS) as pool:
            running: dict[Future[tuple[Page, Any]], int] = {
                pool.submit(self._page, segment, filtering): segment for segment in range(SEGMENTS)
            }
            while running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    segment = running.pop(future)
                    page, last = future.result()
                    if last:
                        running[pool.submit(self._page, segment, filtering, last)] = segment
                    yield page

    def count(self) -> int:
        """Return DynamoDB's estimate of the number of items, which may be hours old."""
        with operator_errors(self.client, self.table):
            return self.client.describe_table(TableName=self.table)["Table"].get("ItemCount", 0)

    def _page(
        self, segment: int, filtering: Mapping[str, Any], start: Any = None
    ) -> tuple[Page, Any]:
        with operator_errors(self.client, self.table):
            answer = self.client.scan(
                TableName=self.table,
                Segment=segment,
                TotalSegments=SEGMENTS,
                ConsistentRead=True,
                **filtering,
                **({"ExclusiveStartKey": start} if start else {}),
            )
            return answer["Items"], answer.get("LastEvaluatedKey")


def existing_items(retrier: Retrier, table: str, keys: Iterable[LayerKey]) -> dict[LayerKey, Item]:
    """Return the items that exist under the keys of a batch, with the same retries as writes.

    Raises `CallFailed` and `Cancelled`.
    """
    found: dict[LayerKey, Item] = {}
    unread = set(keys)
    budget = RetryBudget(retrier.limiter)

    def read() -> tuple[tuple[dict[LayerKey, Item], set[LayerKey]], bool]:
        items, left = _batch_get(retrier.client, table, unread)
        return (items, left), not left

    while unread:
        try:
            items, left = retrier.call(read, budget, writes=False)
        except ItemRefused as error:
            message = f"the table's keys are not pk and sk, both of type string: {error}"
            raise CallFailed(message) from None
        found |= items
        if len(left) < len(unread):
            budget.renew()
        unread = left
        if unread:
            reason = f"DynamoDB repeatedly returned {len(unread)} keys as unprocessed"
            retrier.wait(budget, reason)
    return found


def wire_key(key: LayerKey) -> dict[str, Any]:
    """Return `key` in the form of DynamoDB's low-level API."""
    return {PARTITION_KEY: {"S": key.pk}, SORT_KEY: {"S": key.sk}}


def _batch_get(
    client: "DynamoDBClient", table: str, keys: Collection[LayerKey]
) -> tuple[dict[LayerKey, Item], set[LayerKey]]:
    """Return the items found and the keys left unprocessed.

    A key that was not read must not be mistaken for one without an item. Raises `ValueError` for an
    answer with other keys.
    """
    answer = client.batch_get_item(
        RequestItems={table: {"Keys": [wire_key(key) for key in keys], "ConsistentRead": True}}
    )
    found: dict[LayerKey, Item] = {key_of(item): item for item in answer["Responses"][table]}
    left = {key_of(key) for key in answer["UnprocessedKeys"].get(table, {"Keys": []})["Keys"]}
    if not {*found, *left} <= {*keys} or {*found} & left:
        message = "the answer contains items that were not requested"
        raise ValueError(message)
    return found, left


def _tenant_filter(tenants: Sequence[str]) -> dict[str, Any]:
    """Return a filter that keeps other tenants' items off the network; reading them still costs.

    For very many tenants there is no filter; the caller skips other items itself.
    """
    if not 0 < len(tenants) <= _FILTERED_TENANTS_MAX:
        return {}
    values: dict[str, Any] = {}
    terms: list[str] = []
    for number, tenant in enumerate(tenants):
        values |= {
            f":d{number}": {"S": f"TENANT#{tenant}"},
            f":u{number}": {"S": f"USER#{tenant}#"},
        }
        terms.append(f"{PARTITION_KEY} = :d{number} OR begins_with({PARTITION_KEY}, :u{number})")
    return {"FilterExpression": " OR ".join(terms), "ExpressionAttributeValues": values}


def table_layers(reader: TableReader, now: float) -> TenantLayers:
    """Return a function that finds a tenant's layers, by app, that apply at `now` (epoch seconds).

    An invalid item, which makes sign-ins fail, is ignored. The function raises `OperatorError` when
    the table cannot be read.
    """
    return partial(_tenant_layers, reader, now)


def _tenant_layers(reader: TableReader, now: float, tenant_id: str) -> Mapping[str | None, Layer]:
    layers: dict[str | None, Layer] = {}
    for item in reader.partition(tenant_key(tenant_id, None).pk):
        try:
            _, _, app_id = record_key(key_of(item))
            layer = read_item(item, now)
        except (FieldProblem, StoreFailure):
            continue
        if layer is not None:
            layers[app_id] = layer
    return layers


def in_parallel(
    work: Callable[[In], Out],
    pieces: Iterable[In],
    *,
    workers: int = WORKERS,
    ahead: int = 2 * WORKERS,
) -> Iterator[tuple[In, Out]]:
    """Yield each piece with the result of `work`, in order; at most `ahead` are in memory.

    An exception of `work` is raised here, in the place of its piece; pieces that have not begun by
    then are not processed.
    """
    with ThreadPoolExecutor(workers) as pool:
        begun: deque[tuple[In, Future[Out]]] = deque()
        try:
            for piece in pieces:
                begun.append((piece, pool.submit(work, piece)))
                if len(begun) >= ahead:
                    done, future = begun.popleft()
                    yield done, future.result()
            while begun:
                done, future = begun.popleft()
                yield done, future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def batches(pieces: Iterable[In], size: int) -> Iterator[tuple[In, ...]]:
    """Yield `pieces` in tuples of `size`, like `itertools.batched`, which Python 3.11 lacks."""
    rest = iter(pieces)
    while batch := tuple(islice(rest, size)):
        yield batch
