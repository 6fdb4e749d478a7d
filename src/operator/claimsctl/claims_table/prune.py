"""Removal of items that the file lacks, limited to the tenants and apps that the file names."""

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
"""Returns whether the file has a row with the key."""

_SETS = frozenset({"SS", "NS", "BS"})


class Scope:
    """The items that may be removed when the file lacks them: those of tenants and apps it names.

    A user's items are in scope when the file has a user row for the same tenant and app ("every
    app" is an app in this sense): a file with only default rows says nothing about users. A
    tenant's default items are in scope when the file has a default row for the tenant and any row
    for the app: a file with only user rows says nothing about defaults.
    """

    def __init__(self, scopes: Iterable[tuple[str, str | None, bool]], has_row: HasRow) -> None:
        """`scopes`: each tenant and app that rows name, and whether the rows are users' rows."""
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
        """Return whether `item` is in scope and not in the file.

        An item whose key cannot come from a file is never removed.
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
    """The items to remove, found by one scan and stored on disk. A context manager."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._found = SortedTexts("--prune")
        self.of_tenants = 0
        """How many of them are default items, which apply to a whole tenant."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._found.close()

    @property
    def count(self) -> int:
        """The number of items that `find` has found."""
        return self._found.count

    def find(self, reader: TableReader) -> Iterator[int]:
        """Scan the whole table; yield the number of items of each page, for progress."""
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
        """Yield each item to remove, read again; items deleted or changed since are left out."""
        for batch in batches(self._found.in_order(), KEYS_MAX):
            planned = {LayerKey(*key.split("\t")): digest for key, digest in batch}
            items = reader.read(list(planned))
            for key, digest in planned.items():
                item = items.get(key)
                if item is not None and digest == _digest(item):
                    yield Change(ChangeKind.REMOVE, key, item, None)


@dataclass(slots=True)
class Removed:
    """The progress of a removal."""

    removed: int = 0
    kept: int = 0
    """Items that were changed or deleted after they were found, and are left alone."""


def remove(
    reader: TableReader, removals: Removals, done: Removed
) -> Generator[LayerKey, None, None]:
    """Delete the items that `removals` found, each only if it has not changed.

    Yields the key of each deleted item. `done` counts them, also when an `OperatorError` ends the
    removal early.
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
    """Return `value` with its sets sorted, since DynamoDB does not keep their order."""
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
