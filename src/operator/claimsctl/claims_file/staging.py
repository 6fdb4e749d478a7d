"""The staging database of a check: hashes, sizes and row numbers of the rows, but no values."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from claims_provider.claims.item import Layer
from claims_provider.claims.key import LayerKey, tenant_key
from claims_provider.contract.answer import claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX

from claimsctl.claims_file.record import FileRow, Record
from claimsctl.claims_file.temporary_database import open_temporary_database

_PENDING_ROWS = 1000
_SCOPES_KEPT = 4096
_EVERY_APP = ""
_TENANT = ""
_TABLES = """
    CREATE TABLE scopes (
        id INTEGER PRIMARY KEY, tenant TEXT, app TEXT, of_users INT, UNIQUE (tenant, app, of_users)
    );
    CREATE TABLE rows (row INTEGER PRIMARY KEY, digest INT, partition INT, scope INT, size INT);
    CREATE TABLE tenant_layers (
        tenant TEXT, app TEXT, row INT, line INT, layer TEXT, size INT, PRIMARY KEY (tenant, app)
    ) WITHOUT ROWID;
    CREATE TABLE candidates (row INTEGER PRIMARY KEY);
    CREATE TABLE candidate_layers (
        row INTEGER PRIMARY KEY, line INT, tenant TEXT, user TEXT, app TEXT, layer TEXT
    );
    CREATE TABLE rejections (row INTEGER PRIMARY KEY, reason TEXT);
"""
"""`partition` is the hash of an item's partition key, which together with `scope` identifies its
key; a row that is invalid on its own has none. `layer` has the names and sizes of values."""

_MOST_OF_TENANTS = """
    CREATE TABLE tenant_sizes AS SELECT tenant, SUM(CASE app WHEN '' THEN size ELSE 0 END)
        + MAX(CASE app WHEN '' THEN 0 ELSE size END) AS size FROM tenant_layers GROUP BY tenant;
    CREATE UNIQUE INDEX tenant_sizes_of ON tenant_sizes (tenant);
"""
"""The largest size of a tenant's layers together in any app."""

_FIND_DUPLICATES = """
    INSERT OR IGNORE INTO candidates
    SELECT row FROM rows JOIN (
        SELECT partition, scope FROM rows WHERE partition IS NOT NULL
        GROUP BY partition, scope HAVING COUNT(*) > 1
    ) USING (partition, scope)
"""
_FIND_LARGE_USERS = """
    INSERT OR IGNORE INTO candidates
    SELECT rows.row FROM (
        SELECT partition, scope, SUM(size) AS size FROM rows WHERE partition IS NOT NULL
        GROUP BY partition
        HAVING SUM(size) > :maximum - (SELECT IFNULL(MAX(size), 0) FROM tenant_sizes)
    ) AS users
    JOIN scopes ON scopes.id = users.scope AND scopes.of_users
    LEFT JOIN tenant_sizes ON tenant_sizes.tenant = scopes.tenant
    JOIN rows ON rows.partition = users.partition
    WHERE users.size > 0 AND users.size + IFNULL(tenant_sizes.size, 0) > :maximum
"""
"""The sum of the layers' sizes is an upper bound of their size together."""


class StagedRow(NamedTuple):
    """The stored data of one row."""

    row: int
    digest: int
    is_good_alone: bool
    rejection: str | None
    """Why a row that is valid on its own is rejected because of other rows."""


class PlacedLayer(NamedTuple):
    """A layer without its values, and its origin."""

    row: int
    """The row in the file; 0 for a layer that only the table has."""
    line: int
    layer: Layer
    """Each value is replaced by a text of the same size, so that composed sizes are the same."""


class Candidate(NamedTuple):
    """A row to compare with the other rows of its user."""

    row: int
    line: int
    tenant: str
    user: str | None
    app: str | None
    placed: PlacedLayer | None
    """``None`` when it has expired."""


class Staging:
    """The staging database. Raises ``OSError`` or ``sqlite3.OperationalError`` for a full disk."""

    def __init__(self) -> None:
        self._database = open_temporary_database(_TABLES)
        self._pending: list[tuple[int, int, int | None, int | None, int | None]] = []
        self._scope_ids: dict[tuple[str, str | None, bool], int] = {}

    def close(self) -> None:
        """Remove the database."""
        self._database.close()

    def add(self, row: FileRow, record: Record | None, *, is_expired: bool = False) -> None:
        """Add a row; `record` is ``None`` if it is invalid on its own.

        An expired row counts with size 0, since it adds nothing to any answer.
        """
        partition = scope = size = None
        if record is not None:
            partition = hash(record.key.pk)
            scope = self._scope_id((record.tenant_id, record.app_id, record.user is not None))
            size = 0 if is_expired else record.size
        self._pending.append((row.number, row.digest(), partition, scope, size))
        if len(self._pending) >= _PENDING_ROWS:
            self._flush()

    def _flush(self) -> None:
        self._database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", self._pending)
        self._pending.clear()

    def _scope_id(self, scope: tuple[str, str | None, bool]) -> int:
        if (known := self._scope_ids.get(scope)) is not None:
            return known
        tenant, app, of_users = scope
        values = (tenant, app or _EVERY_APP, of_users)
        insert = "INSERT OR IGNORE INTO scopes (tenant, app, of_users) VALUES (?, ?, ?)"
        self._database.execute(insert, values)
        query = "SELECT id FROM scopes WHERE tenant = ? AND app = ? AND of_users = ?"
        ((found,),) = self._database.execute(query, values)
        if len(self._scope_ids) >= _SCOPES_KEPT:
            self._scope_ids.clear()
        self._scope_ids[scope] = int(found)
        return int(found)

    def add_tenant_layer(self, tenant: str, app: str | None, placed: PlacedLayer) -> None:
        """Add a tenant's layer, unless there is one for the tenant and app."""
        size = claims_bytes(dict(placed.layer.claims))
        self._database.execute(
            "INSERT OR IGNORE INTO tenant_layers VALUES (?, ?, ?, ?, ?, ?)",
            (tenant, app or _EVERY_APP, placed.row, placed.line, _packed(placed.layer), size),
        )

    def end_rows(self) -> None:
        """End the adding of rows; the queries below are allowed from then on."""
        self._flush()
        self._database.execute("CREATE INDEX keys ON rows (partition, scope, size)")

    def rows(self, after_row: int = 0) -> Iterator[StagedRow]:
        """Return the rows after `after_row`, in the file's order."""
        query = (
            "SELECT rows.row, digest, partition IS NOT NULL, reason FROM rows"
            " LEFT JOIN rejections USING (row) WHERE rows.row > ? ORDER BY rows.row"
        )
        return map(StagedRow._make, self._database.execute(query, (after_row,)))

    def scopes(self) -> Iterator[tuple[str, str | None, bool]]:
        """Yield each tenant and app (``None``: every app) named, and whether by users' rows."""
        for tenant, app, of_users in self._database.execute(
            "SELECT tenant, app, of_users FROM scopes"
        ):
            yield tenant, app or None, bool(of_users)

    def tenants(self) -> Iterator[str]:
        """Return each tenant named, once."""
        return (
            tenant for (tenant,) in self._database.execute("SELECT DISTINCT tenant FROM scopes")
        )

    def has_key(self, key: LayerKey) -> bool:
        """Return whether a row has `key`: wrongly true for about one key in 10¹², never false."""
        query = "SELECT app FROM rows JOIN scopes ON scopes.id = scope WHERE partition = ?"
        apps = self._database.execute(query, (hash(key.pk),))
        return any(key.sk == tenant_key("", app or None).sk for (app,) in apps)

    def find_candidates(self) -> None:
        """Mark rows whose key's hash is not unique, and rows of users that may be too large.

        All layers of tenants must have been added.
        """
        self._database.executescript(_MOST_OF_TENANTS)
        self._database.execute(_FIND_DUPLICATES)
        self._database.execute(_FIND_LARGE_USERS, {"maximum": CLAIMS_BYTES_MAX})

    def candidate_rows(self) -> Iterator[int]:
        """Return the numbers of the marked rows, in the file's order."""
        return (row for (row,) in self._database.execute("SELECT row FROM candidates ORDER BY row"))

    def add_candidate(self, record: Record, layer: Layer | None) -> None:
        """Add the key and the sizes of a marked row, which was read again."""
        self._database.execute(
            "INSERT INTO candidate_layers VALUES (?, ?, ?, ?, ?, ?)",
            (
                record.row,
                record.line,
                record.tenant_id,
                record.user or _TENANT,
                record.app_id or _EVERY_APP,
                None if layer is None else _packed(layer),
            ),
        )

    def candidates(self) -> Iterator[Candidate]:
        """Yield all marked rows, grouped by user, in the file's order."""
        query = (
            "SELECT tenant, user, app, row, line, layer FROM candidate_layers"
            " ORDER BY tenant, user, row"
        )
        for tenant, user, app, row, line, layer in self._database.execute(query):
            placed = None if layer is None else PlacedLayer(row, line, _unpacked(layer))
            yield Candidate(row, line, tenant, user or None, app or None, placed)

    def tenant_sizes(self) -> Iterator[tuple[str, int]]:
        """Yield each tenant with layers, and their largest possible size together in any app."""
        yield from self._database.execute("SELECT tenant, size FROM tenant_sizes")

    def tenant_layers(self, tenant: str) -> dict[str | None, PlacedLayer]:
        """Return a tenant's layers by app (``None``: every app)."""
        query = "SELECT app, row, line, layer FROM tenant_layers WHERE tenant = ?"
        return {
            app or None: PlacedLayer(row, line, _unpacked(layer))
            for app, row, line, layer in self._database.execute(query, (tenant,))
        }

    def reject(self, row: int, reason: str) -> bool:
        """Reject a row that is valid on its own; return whether it was not yet rejected."""
        ((known,),) = self._database.execute(
            "SELECT EXISTS (SELECT 1 FROM rejections WHERE row = ?)", (row,)
        )
        self._database.execute(
            "INSERT INTO rejections VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET reason = reason || '; ' || excluded.reason",
            (row, reason),
        )
        return not known


def _packed(layer: Layer) -> str:
    sizes = {name: claims_bytes({"": value}) for name, value in layer.claims.items()}
    return json.dumps([sizes, sorted(layer.hidden)])


def _unpacked(text: str) -> Layer:
    sizes, hidden = json.loads(text)
    return Layer({name: "x" * size for name, size in sizes.items()}, frozenset(hidden))
