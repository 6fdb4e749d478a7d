"""One row of a file, as read and as checked."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from claims_provider.claims.item import (
    CLAIMS,
    EXPIRES_AT,
    HIDDEN_CLAIMS,
    PARTITION_KEY,
    SORT_KEY,
)
from claims_provider.claims.key import LayerKey, tenant_key, user_key
from claims_provider.contract.answer import Claims, ClaimValue

Raw = list[str] | str
"""A row in the form of its file: the cells of a CSV row, or the text of a JSON value."""


class FileRow(NamedTuple):
    """A row as read, before it is checked."""

    number: int
    """Counted from 1 over all data rows of the file, valid or not."""
    line: int
    """The line on which the row begins."""
    raw: Raw
    value: Any
    """The cells again, or the JSON value; a `FieldProblem` if the text is not JSON."""

    def digest(self) -> int:
        """Return a 64-bit hash of `raw`, salted per process: equal rows have equal hashes."""
        return hash(self.raw if isinstance(self.raw, str) else tuple(self.raw))


@dataclass(slots=True)
class Record:
    """The claims of one user, or of a whole tenant, for one app or for all apps.

    Records are never modified. A frozen dataclass would make the row check a seventh slower.
    """

    tenant_id: str
    user: str | None
    """A canonical object id or address; ``None`` for the tenant's default."""
    app_id: str | None
    """A canonical app id; ``None`` for every app."""
    expires_at: int | None = None
    """Epoch seconds; ``None`` for never."""
    claims: Claims = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    row: int = field(default=0, compare=False)
    """Its number among the file's data rows, from 1; 0 if it is not from a file."""
    line: int = field(default=0, compare=False)
    """The line on which the row begins."""
    size: int = field(default=0, compare=False)
    """The size of its claims in bytes, as counted against Entra's limit of 3 KB."""

    @property
    def key(self) -> LayerKey:
        """The item's key, built by the same function that the provider uses."""
        if self.user is None:
            return tenant_key(self.tenant_id, self.app_id)
        return user_key(self.tenant_id, self.user, self.app_id)

    def to_item(self) -> dict[str, Any]:
        """Return the item in the form of DynamoDB's low-level API."""
        key = self.key
        item: dict[str, Any] = {
            PARTITION_KEY: {"S": key.pk},
            SORT_KEY: {"S": key.sk},
            CLAIMS: {"M": {name: _attribute(value) for name, value in self.claims.items()}},
        }
        if self.hidden:
            item[HIDDEN_CLAIMS] = _attribute(list(self.hidden))
        if self.expires_at is not None:
            item[EXPIRES_AT] = {"N": str(self.expires_at)}
        return item


def _attribute(value: ClaimValue) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    return {"L": [{"S": part} for part in value]}
