"""One row of a file, as it is read and as it has been checked."""

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
"""A row as its file has it: the cells of a CSV row, or the text of a JSON value."""


class FileRow(NamedTuple):
    """A row as it is read, before it is checked."""

    number: int
    """Counted from 1 over the file's data rows, good and bad."""
    line: int
    """Where the row begins in the file."""
    raw: Raw
    value: Any
    """The cells once more, or the JSON value; a `FieldProblem` where the text is not JSON."""

    def digest(self) -> int:
        """A 64-bit hash of `raw`, salted per process: equal rows of one process have equal ones."""
        return hash(self.raw if isinstance(self.raw, str) else tuple(self.raw))


@dataclass(slots=True)
class Record:
    """Claims of one user, or of a whole tenant, in one app or in every app.

    Nothing changes one. To have it frozen would cost a seventh of the row check.
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
    """Its number among the file's data rows, good and bad, from 1; 0: it is not from a file."""
    line: int = field(default=0, compare=False)
    """Where the row begins in the file."""
    size: int = field(default=0, compare=False)
    """Bytes of its claims, as the row check has counted them against Entra's 3 KB."""

    @property
    def key(self) -> LayerKey:
        """The item's key, made by the function that the provider reads with."""
        if self.user is None:
            return tenant_key(self.tenant_id, self.app_id)
        return user_key(self.tenant_id, self.user, self.app_id)

    def to_item(self) -> dict[str, Any]:
        """The item in DynamoDB's low-level form."""
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
