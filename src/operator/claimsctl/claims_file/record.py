"""One row of claims, checked, and the item that the table holds for it."""

from dataclasses import dataclass, field
from typing import Any

from claims_provider.claims.item import (
    CLAIMS,
    EXPIRES_AT,
    HIDDEN_CLAIMS,
    PARTITION_KEY,
    SORT_KEY,
)
from claims_provider.claims.key import LayerKey, tenant_key, user_key
from claims_provider.contract.answer import Claims, ClaimValue


@dataclass(frozen=True, slots=True)
class Record:
    """Claims of one user, or of a whole tenant, in one app or in every app."""

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
