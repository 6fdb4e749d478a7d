"""What the table has and the file has not, within the tenants and apps that the file names."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from botocore.exceptions import ClientError
from claims_provider.claims.item import PARTITION_KEY, Item
from claims_provider.claims.key import LayerKey

from claimsctl.dataset.engine_error import telling
from claimsctl.dataset.parallel import batches, in_parallel
from claimsctl.dataset.plan import Change, ChangeKind
from claimsctl.dataset.problem import FieldProblem
from claimsctl.dataset.reader import KEYS_MAX, TableReader, wire_key
from claimsctl.dataset.record import Record
from claimsctl.dataset.sorted_spill import SortedSpill
from claimsctl.dataset.stored import key_of, record_key

_SETS = frozenset({"SS", "NS", "BS"})
_CHANGED = "ConditionalCheckFailedException"


class Scope:
    """The tenants and apps that a file names.

    A user's rows are within it when the file has any row of their tenant and app ("every app" being
    one more app); a tenant's default rows when the file has a default row of that tenant too: a
    file of users is no word about everybody.
    """

    def __init__(self) -> None:
        self._apps: defaultdict[str, set[str | None]] = defaultdict(set)
        self._with_defaults: set[str] = set()

    def add(self, record: Record) -> None:
        """Widen it by what `record` names."""
        self._apps[record.tenant_id].add(record.app_id)
        if record.user is None:
            self._with_defaults.add(record.tenant_id)

    @property
    def tenants(self) -> list[str]:
        """Tenant ids, in order."""
        return sorted(self._apps)

    def holds(self, tenant_id: str, user: str | None, app_id: str | None) -> bool:
        """Whether an item of that key may be removed when the file lacks it."""
        apps = self._apps.get(tenant_id, set())
        return app_id in apps and (user is not None or tenant_id in self._with_defaults)


class Removals:
    """Items to remove, found by one scan, kept on disk. A context manager."""

    def __init__(self) -> None:
        self.scope = Scope()
        self._wanted = SortedSpill()
        self._present = SortedSpill()
        self._found = SortedSpill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for spill in (self._wanted, self._present, self._found):
            spill.__exit__(None, None, None)

    @property
    def count(self) -> int:
        """How many there are, once they have been found."""
        return self._found.count

    def keep(self, record: Record) -> None:
        """Note that the file has `record`. To be called for each of its records."""
        self.scope.add(record)
        self._wanted.add(_line(record.key))

    def keeping(self, records: Iterable[Record]) -> Iterator[Record]:
        """`records`, each noted on its way."""
        for record in records:
            self.keep(record)
            yield record

    def find(self, reader: TableReader) -> Iterator[int]:
        """Scan the table; how many items each page had, for progress. Then `count` holds.

        Items whose key no file could make are none of ours, and left alone.
        """
        for page in reader.scan(self.scope.tenants):
            for item in page:
                if self._is_within(item):
                    self._present.add(f"{_line(key_of(item))}\t{_digest(item)}")
            yield len(page)
        wanted = self._wanted.lines()
        least = next(wanted, None)
        for line in self._present.lines():
            key = line.rpartition("\t")[0]
            while least is not None and least < key:
                least = next(wanted, None)
            if least != key:
                self._found.add(line)

    def changes(self, reader: TableReader) -> Iterator[Change]:
        """Each item to remove, read again; one that has gone or changed meanwhile is left out."""
        for batch in batches(self._found.lines(), KEYS_MAX):
            planned = {
                LayerKey(pk, sk): digest for pk, sk, digest in (line.split("\t") for line in batch)
            }
            items = reader.read(list(planned))
            for key, digest in planned.items():
                item = items.get(key)
                if item is not None and digest == _digest(item):
                    yield Change(ChangeKind.REMOVE, key, None, item)

    def _is_within(self, item: Item) -> bool:
        try:
            tenant_id, user, app_id = record_key(key_of(item))
        except FieldProblem:
            return False
        return self.scope.holds(tenant_id, user, app_id)


@dataclass(slots=True)
class Removed:
    """What became of the items that were to be removed."""

    removed: int = 0
    kept: int = 0
    """Changed, or gone, since the plan: left as they are."""


def remove(reader: TableReader, removals: Removals, done: Removed) -> Iterator[LayerKey]:
    """Delete what `removals` found, each item only if it is still as it was found.

    The key of each as it goes; `done` counts, also when this ends early by an `OperatorError`.
    """

    def delete(change: Change) -> bool:
        return change.item is not None and _delete(reader, change.item)

    for change, deleted in in_parallel(delete, removals.changes(reader)):
        if deleted:
            done.removed += 1
            yield change.key
    done.kept = removals.count - done.removed


def _delete(reader: TableReader, item: Item) -> bool:
    attributes = [name for name in item if name not in wire_key(key_of(item))]
    names = {f"#a{number}": name for number, name in enumerate(attributes)}
    values = {f":a{number}": item[name] for number, name in enumerate(attributes)}
    unchanged = [f"#a{number} = :a{number}" for number in range(len(attributes))]
    condition = " AND ".join([f"attribute_exists({PARTITION_KEY})", *unchanged])
    expressions = (
        {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values} if names else {}
    )
    with telling(reader.client, reader.table):
        try:
            reader.client.delete_item(
                TableName=reader.table,
                Key=wire_key(key_of(item)),
                ConditionExpression=condition,
                **expressions,  # type: ignore[arg-type]
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == _CHANGED:
                return False
            raise
    return True


def _line(key: LayerKey) -> str:
    return f"{key.pk}\t{key.sk}"


def _digest(item: Item) -> str:
    told = json.dumps(_in_order(item), sort_keys=True, default=repr)
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def _in_order(value: Any) -> Any:
    """`value` with its sets sorted: DynamoDB keeps no order of them."""
    match value:
        case dict():
            return {
                name: sorted(inner)
                if name in _SETS and isinstance(inner, list)
                else _in_order(inner)
                for name, inner in value.items()
            }
        case list():
            return [_in_order(inner) for inner in value]
        case _:
            return value
