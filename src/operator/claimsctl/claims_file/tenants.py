"""What a file says about tenants as a whole: those it names, their apps, their own layers."""

import marshal
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from claims_provider.claims.item import Layer
from claims_provider.contract.answer import claims_bytes

_PENDING_MAX = 1000
_EVERY_APP = ""
_SCHEMA = """
    PRAGMA journal_mode = OFF;
    CREATE TABLE scopes (
        tenant TEXT, app TEXT, of_users INT, PRIMARY KEY (tenant, app, of_users)
    ) WITHOUT ROWID;
    CREATE TABLE layers (
        tenant TEXT, app TEXT, row INT, line INT, size INT, layer BLOB, PRIMARY KEY (tenant, app)
    ) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class TenantLayer:
    """A tenant's own layer in one app or in every app."""

    layer: Layer
    size: int
    row: int
    """Of the file; 0 for one that is in the table only."""
    line: int


class Tenants:
    """Kept by sqlite in a file without a name: a file may name a million tenants."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(_SCHEMA)
        self._database.execute("BEGIN")
        self._seen: set[tuple[str, str | None, bool]] = set()
        self.layers_of = lru_cache(maxsize=256)(self._layers_of)

    def name(self, tenant: str, app: str | None, *, of_user: bool) -> None:
        """Note that a row, of a user or of all, names `tenant` and `app`."""
        scope = (tenant, app, of_user)
        if scope not in self._seen:
            if len(self._seen) >= _PENDING_MAX:
                self._seen.clear()
            self._seen.add(scope)
            self._database.execute(
                "INSERT OR IGNORE INTO scopes VALUES (?, ?, ?)",
                (tenant, app or _EVERY_APP, of_user),
            )

    def add_layer(self, tenant: str, app: str | None, layer: TenantLayer) -> None:
        """Note a layer; the first one of a tenant and app stays."""
        data = marshal.dumps((dict(layer.layer.claims), tuple(layer.layer.hidden)))
        self._database.execute(
            "INSERT OR IGNORE INTO layers VALUES (?, ?, ?, ?, ?, ?)",
            (tenant, app or _EVERY_APP, layer.row, layer.line, layer.size, data),
        )

    def scopes(self) -> Iterator[tuple[str, str | None, bool]]:
        """Each tenant and app (``None``: every app) named, once by users' rows, once by others."""
        for tenant, app, of_users in self._database.execute("SELECT * FROM scopes"):
            yield tenant, app or None, bool(of_users)

    def names(self) -> Iterator[str]:
        """Each tenant named, once."""
        for (tenant,) in self._database.execute("SELECT DISTINCT tenant FROM scopes"):
            yield tenant

    def bounds(self) -> Iterator[tuple[str, int]]:
        """Each tenant that has layers, and the most bytes that these can come to in any app."""
        query = (
            "SELECT tenant, SUM(CASE app WHEN '' THEN size ELSE 0 END)"
            " + MAX(CASE app WHEN '' THEN 0 ELSE size END) FROM layers GROUP BY tenant"
        )
        yield from self._database.execute(query)

    def _layers_of(self, tenant: str) -> Mapping[str | None, TenantLayer]:
        query = "SELECT app, row, line, size, layer FROM layers WHERE tenant = ?"
        layers: dict[str | None, TenantLayer] = {}
        for app, row, line, size, data in self._database.execute(query, (tenant,)):
            claims, hidden = marshal.loads(data)  # noqa: S302  # our own file, which has no name
            layers[app or None] = TenantLayer(Layer(claims, frozenset(hidden)), size, row, line)
        return layers

    def close(self) -> None:
        """Drop everything."""
        self._database.close()


def table_layer(layer: Layer) -> TenantLayer:
    """A layer that is in the table."""
    return TenantLayer(layer, claims_bytes(dict(layer.claims)), 0, 0)
