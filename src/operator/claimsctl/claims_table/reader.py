"""The claims table, read by an operator: some keys, one partition, or all of it in parallel.

Reads are consistent: what was loaded a moment ago counts, which is worth twice the price here.
"""

import queue
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from claims_provider.claims.item import PARTITION_KEY, SORT_KEY, Item, Layer, read_item
from claims_provider.claims.key import LayerKey, tenant_key
from claims_provider.errors import StoreFailure

from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.validation import TenantLayers
from claimsctl.claims_table.errors import telling
from claimsctl.claims_table.items import key_of, record_key
from claimsctl.errors import OperatorError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEYS_MAX = 100
"""Keys in one BatchGetItem; DynamoDB's limit."""

SEGMENTS = 8
"""Parallel scans of one table; as many connections as a client of the SDK keeps open."""

_ROUNDS = 10
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 5.0
_PAGES_WAITING = 16
"""Pages (1 MB at most) that scans may be ahead of whoever takes the items."""

_FILTERED_TENANTS_MAX = 50
"""Each takes four operators, of 300 that DynamoDB takes, and 60 bytes, of 4096."""

Page = Sequence[Item]


class TableReader:
    """One table through one client; methods raise `OperatorError` when it cannot be read."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self.client = client
        self.table = table

    def read(self, keys: Sequence[LayerKey]) -> dict[LayerKey, Item]:
        """The items that exist under `keys`: no key twice, at most `KEYS_MAX`."""
        found: dict[LayerKey, Item] = {}
        pending: list[Any] = [wire_key(key) for key in keys]
        for round_ in range(_ROUNDS):
            if not pending:
                return found
            if round_:
                longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**round_)
                time.sleep(longest * random.random())  # noqa: S311  # jitter
            with telling(self.client, self.table):
                answer = self.client.batch_get_item(
                    RequestItems={self.table: {"Keys": pending, "ConsistentRead": True}}
                )
                found |= {key_of(item): item for item in answer["Responses"][self.table]}
                pending = _unprocessed(answer["UnprocessedKeys"], self.table)
        if pending:
            message = (
                f"table {self.table}: DynamoDB left {len(pending)} keys unread {_ROUNDS} times in"
                " a row; try again when the table is less busy"
            )
            raise OperatorError(message)
        return found

    def partition(self, pk: str) -> list[Item]:
        """All items under the partition key `pk`, by their sort keys."""
        items: list[Item] = []
        start: dict[str, Any] = {}
        while True:
            with telling(self.client, self.table):
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
        """All items, in pages of parallel scans, in no order; with `tenants`, at least theirs.

        A page may be empty: it tells that something was looked at. Closing the iterator ends the
        scans.
        """
        pages: queue.Queue[Page | OperatorError | None] = queue.Queue(_PAGES_WAITING)
        ended = threading.Event()
        filtering = _of_tenants(tenants)

        def run(segment: int) -> None:
            try:
                for page in self._segment(segment, filtering, ended):
                    _put(pages, page, ended)
            except OperatorError as error:
                _put(pages, error, ended)
            _put(pages, None, ended)

        with ThreadPoolExecutor(SEGMENTS) as pool:
            for segment in range(SEGMENTS):
                pool.submit(run, segment)
            try:
                yield from _until_all_ended(pages.get)
            finally:
                ended.set()

    def count(self) -> int:
        """How many items DynamoDB thinks the table has: hours old, for progress only."""
        with telling(self.client, self.table):
            return self.client.describe_table(TableName=self.table)["Table"].get("ItemCount", 0)

    def _segment(
        self, segment: int, filtering: Mapping[str, Any], ended: threading.Event
    ) -> Iterator[Page]:
        start: dict[str, Any] = {}
        while not ended.is_set():
            with telling(self.client, self.table):
                answer = self.client.scan(
                    TableName=self.table,
                    Segment=segment,
                    TotalSegments=SEGMENTS,
                    ConsistentRead=True,
                    **filtering,
                    **start,
                )
                page = answer["Items"]
                last = answer.get("LastEvaluatedKey")
            yield page
            if not last:
                return
            start = {"ExclusiveStartKey": last}


def wire_key(key: LayerKey) -> dict[str, Any]:
    """`key` as DynamoDB's low-level API takes it."""
    return {PARTITION_KEY: {"S": key.pk}, SORT_KEY: {"S": key.sk}}


def _unprocessed(left: Mapping[str, Any], table: str) -> list[Any]:
    return list(left[table]["Keys"]) if table in left else []


def _of_tenants(tenants: Sequence[str]) -> dict[str, Any]:
    """A filter that leaves out other tenants: they need not travel, though they are paid for."""
    if not 0 < len(tenants) <= _FILTERED_TENANTS_MAX:
        return {}  # then whoever takes the items leaves others out
    values: dict[str, Any] = {}
    terms: list[str] = []
    for number, tenant in enumerate(tenants):
        values |= {
            f":d{number}": {"S": f"TENANT#{tenant}"},
            f":u{number}": {"S": f"USER#{tenant}#"},
        }
        terms.append(f"{PARTITION_KEY} = :d{number} OR begins_with({PARTITION_KEY}, :u{number})")
    return {"FilterExpression": " OR ".join(terms), "ExpressionAttributeValues": values}


def _put(
    pages: "queue.Queue[Page | OperatorError | None]",
    page: Page | OperatorError | None,
    ended: threading.Event,
) -> None:
    while not ended.is_set():
        try:
            pages.put(page, timeout=0.1)
        except queue.Full:
            continue
        return


def _until_all_ended(get: Callable[[], Page | OperatorError | None]) -> Iterator[Page]:
    running = SEGMENTS
    while running:
        match get():
            case None:
                running -= 1
            case OperatorError() as error:
                raise error
            case page:
                yield page


def table_layers(reader: TableReader, now: float) -> TenantLayers:
    """What finds a tenant's layers, by app, that count at `now`, in epoch seconds.

    An item that cannot be read costs the sign-in anyhow, and is none here. It raises
    `OperatorError` when the table cannot be read.
    """

    def layers_of(tenant_id: str) -> Mapping[str | None, Layer]:
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

    return layers_of
