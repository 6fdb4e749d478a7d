"""How a file of claims is to be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from claimsctl.dataset.catalogue import Catalogue

LIST_SEPARATOR = "|"


class Format(StrEnum):
    """Formats of a file of claims, as ``--format`` names them."""

    CSV = "csv"
    TSV = "tsv"
    JSON_LINES = "jsonl"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the file does not say itself."""

    tenant: str | None = None
    """Canonical tenant id of rows that name none."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Reserved field → the heading that stands for it in the file."""
    list_separator: str = LIST_SEPARATOR
    format: Format | None = None
    """``None``: told by the file's content."""
    catalogue: Catalogue | None = None
    expires_at: int | None = None
    """Epoch seconds for rows that give none. Absolute, so that a resumed load says the same."""
