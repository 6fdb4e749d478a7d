"""What a load was asked for, how far it is, and whether another load continues it."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from pydantic import NonNegativeInt, TypeAdapter, ValidationError

from claimsctl.claims_table.upsert import OnExisting
from claimsctl.loading.results import RowCounts

VERSION: Literal[2] = 2
"""Of the file's format. Version 1 held the options under the labels of messages."""

_VERSION_FIELD = "claimsctl_load"


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What a load was asked for; a resumed load must ask for the same."""

    file_sha256: str
    rejected_by_check: int
    """Rows; a check with another tenant default, or at another time, may refuse others."""
    table: str
    endpoint_url: str
    region: str
    tenant: str | None
    columns: tuple[str, ...]
    """Sorted."""
    list_separator: str
    format: str | None
    schema_sha256: str | None
    expires_in: int | None
    """Seconds."""
    on_existing: OnExisting
    keep_going: bool
    rejects: str
    """The rejects file's absolute path."""
    reading: tuple[str, ...] = ()
    """Options that choose columns and change values; left out of the file when there are none."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a load is."""

    claimsctl_load: Literal[2]
    request: LoadRequest
    expires_at: int | None
    """What ``--expires-in`` meant when the load began, in epoch seconds."""
    rows_done: NonNegativeInt
    """Every row up to this one is settled. Later ones may be in the table too."""
    counts: RowCounts
    """How those rows ended, the rows that the check refused included."""
    rejects_bytes: NonNegativeInt
    """How much of the rejects file belongs to them."""

    @classmethod
    def begin(cls, request: LoadRequest, expires_at: int | None) -> "Checkpoint":
        """The checkpoint of a load that has not written anything."""
        return cls(VERSION, request, expires_at, 0, RowCounts(), 0)


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of `LoadRequest` in which two loads differ."""

    field: str
    saved: Any
    """As the load that was cut off had it."""
    given: Any
    """As this load has it."""


class OtherVersion(Exception):  # noqa: N818  # `CheckpointFile` turns it into its error
    """A checkpoint in the format of another version of claimsctl."""

    def __init__(self, version: int) -> None:
        super().__init__(f"format {version}")
        self.version = version


class DifferentLoad(Exception):  # noqa: N818  # the command turns it into its error
    """A checkpoint belongs to another load than the one that is to continue it."""

    def __init__(self, checkpoint: Path, differences: list[Difference]) -> None:
        super().__init__(", ".join(difference.field for difference in differences))
        self.checkpoint = checkpoint
        self.differences = differences


def differences(saved: LoadRequest, given: LoadRequest) -> Iterator[Difference]:
    """What `given` asks for otherwise than `saved`."""
    for field in fields(LoadRequest):
        before, after = getattr(saved, field.name), getattr(given, field.name)
        if before != after:
            yield Difference(field.name, before, after)


def encode(checkpoint: Checkpoint) -> bytes:
    """`checkpoint` as its file has it."""
    document = asdict(checkpoint)
    if not checkpoint.request.reading:  # as versions without these options write and read it
        del document["request"]["reading"]
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def is_begun(content: bytes) -> bool:
    """Whether `content` may be what a crash has left of `encode`'s: its beginning, if any of it."""
    beginning = b'{\n "' + _VERSION_FIELD.encode() + b'":'
    return content[: len(beginning)] == beginning[: len(content)]


def decode(content: bytes) -> Checkpoint:
    """The checkpoint in `content`.

    Raises `OtherVersion`, and `ValueError` for anything else that `encode` does not make.
    """
    try:
        document = json.loads(content)
    except RecursionError:
        raise ValueError from None
    version = document.get(_VERSION_FIELD) if isinstance(document, dict) else None
    if isinstance(version, int) and version != VERSION:
        raise OtherVersion(version)
    try:
        checkpoint = TypeAdapter(Checkpoint).validate_json(content)
    except ValidationError as error:
        raise ValueError from error
    if json.loads(encode(checkpoint)) != document:  # a field missing, unknown or of another type
        raise ValueError
    return checkpoint
