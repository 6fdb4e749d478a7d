"""Items that the table has and the file lacks, in the tenants and apps that the file names."""

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from botocore.exceptions import ClientError
from claims_provider.claims.item import Item
from claims_provider.claims.key import LayerKey

from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.temporary_database import SortedTexts
from claimsctl.claims_table.diff import Change, ChangeKind
from claimsctl.claims_table.errors import FailureKind, failure_of, operator_errors
from claimsctl.claims_table.items import key_of, record_key
from claimsctl.claims_table.reader import KEYS_MAX, TableReader, batches, in_parallel, wire_key
from claimsctl.claims_table.upsert import FILE_ATTRIBUTES, unchanged_condition

HasRow = Callable[[LayerKey], bool]
"""Whether the file has a row of that key."""

_SETS = frozenset({"SS", "NS", "BS"})


class Scope:
    """Which items may be removed when the file lacks them: those of tenants and apps it names.

    A user's rows are in scope when the file has any user's row of their tenant and app ("every app"
    being one more app): a file of defaults says nothing about users. A tenant's default rows are in
    scope when the file has a default row of that tenant, and any row of that app: a file of users
    says nothing about everybody.
    """

    def __init__(self, scopes: Iterable[tuple[str, str | None, bool]], has_row: HasRow) -> None:
        """`scopes`: each tenant and app that rows name, and whether those rows are users'."""
        self._has_row = has_row
        self._apps: defaultdict[str, set[str | None]] = defaultdict(set)
        self._apps_of_users: defaultdict[str, set[str | None]] = defaultdict(set)
        self._with_defaults: set[str] = set()
        for tenant_id, app_id, of_users in scopes:
            self._apps[tenant_id].add(app_id)
            if of_users:
                self._apps_of_users[tenant_id].add(app_id)
            else:
                self._with_defaults.add(tenant_id)

    @property
    def tenants(self) -> list[str]:
        """Tenant ids, in order."""
        return sorted(self._apps)

    def lacks(self, item: Item) -> bool:
        """Whether `item` is in scope, and not in the file.

        An item with a key that no file can make is left alone.
        """
        key = key_of(item)
        try:
            tenant_id, user, app_id = record_key(key)
        except FieldProblem:
            return False
        if user is None:
            is_within = tenant_id in self._with_defaults and app_id in self._apps[tenant_id]
        else:
            is_within = app_id in self._apps_of_users.get(tenant_id, ())
        return is_within and not self._has_row(key)


class Removals:
    """Items to remove, found by one scan, kept on disk. A context manager."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._found = SortedTexts("--prune")
        self.of_tenants = 0
        """How many of them are default rows, which apply to a whole tenant."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._found.close()

    @property
    def count(self) -> int:
        """How many items `find` has found."""
        return self._found.count

    def find(self, reader: TableReader) -> Iterator[int]:
        """Scan the table to the end; yields how many items each page had, for progress."""
        if not self._scope.tenants:  # a file without rows names no tenant
            return
        for page in reader.scan(self._scope.tenants):
            for item in page:
                if self._scope.lacks(item):
                    key = key_of(item)
                    self._found.add(f"{key.pk}\t{key.sk}", _digest(item))
                    self.of_tenants += key.pk.startswith("TENANT#")
            yield len(page)
        self._found.flush()  # before anything is removed

    def changes(self, reader: TableReader) -> Iterator[Change]:
        """Each item to remove, read again; one that is gone or has changed since is left out."""
        for batch in batches(self._found.in_order(), KEYS_MAX):
            planned = {LayerKey(*key.split("\t")): digest for key, digest in batch}
            items = reader.read(list(planned))
            for key, digest in planned.items():
                item = items.get(key)
                if item is not None and digest == _digest(item):
                    yield Change(ChangeKind.REMOVE, key, item, None)


@dataclass(slots=True)
class Removed:
    """How far a removal is."""

    removed: int = 0
    kept: int = 0
    """Changed, or gone, since they were found: left as they are."""


def remove(
    reader: TableReader, removals: Removals, done: Removed
) -> Generator[LayerKey, None, None]:
    """Delete what `removals` found, each item only if it is still as it was found.

    Yields the key of each deleted item; `done` counts, also when an `OperatorError` ends it early.
    """
    lock = threading.Lock()

    def delete(change: Change) -> bool:
        deleted = change.item is not None and _delete(reader, change.item)
        with lock:
            done.removed += deleted
        return deleted

    for change, deleted in in_parallel(delete, removals.changes(reader)):
        if deleted:
            yield change.key
    done.kept = removals.count - done.removed


def _delete(reader: TableReader, item: Item) -> bool:
    key = wire_key(key_of(item))
    others = [name for name in item if name not in key and name not in FILE_ATTRIBUTES]
    with operator_errors(reader.client, reader.table):
        try:
            reader.client.delete_item(
                TableName=reader.table,
                Key=key,
                **unchanged_condition(item, [*FILE_ATTRIBUTES, *others]),
            )
        except ClientError as error:
            if failure_of(reader.client, error).kind is FailureKind.CONDITION_FAILED:
                return False
            raise
    return True


def _digest(item: Item) -> str:
    text = json.dumps(_sets_sorted(item), sort_keys=True, default=repr)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _sets_sorted(value: Any) -> Any:
    """`value` with its sets sorted: DynamoDB keeps no order of them."""
    match value:
        case dict():
            return {
                name: sorted(inner)
                if name in _SETS and isinstance(inner, list)
                else _sets_sorted(inner)
                for name, inner in value.items()
            }
        case list():
            return [_sets_sorted(inner) for inner in value]
        case _:
            return value
