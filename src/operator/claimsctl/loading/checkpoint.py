"""The options and progress of a load, and whether another load can continue it."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from pydantic import NonNegativeInt, TypeAdapter, ValidationError

from claimsctl.claims_table.upsert import OnExisting
from claimsctl.loading.results import RowCounts

VERSION: Literal[2] = 2
"""The version of the file format. Version 1 stored the options under the labels of messages."""

_VERSION_FIELD = "claimsctl_load"


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """The file, table and options of a load; a resumed load must have the same."""

    file_sha256: str
    rejected_by_check: int
    """The number of invalid rows, which depends on the default tenant and on the time."""
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
    """Options that select columns and convert values; not stored when there are none."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The progress of a load."""

    claimsctl_load: Literal[2]
    request: LoadRequest
    expires_at: int | None
    """The time that ``--expires-in`` meant when the load began, in epoch seconds."""
    rows_done: NonNegativeInt
    """Every row up to this one has its final result. Later rows may be in the table too."""
    counts: RowCounts
    """The results of those rows, and of the rows that the check rejected."""
    rejects_bytes: NonNegativeInt
    """The size of the part of the rejects file that belongs to them."""

    @classmethod
    def begin(cls, request: LoadRequest, expires_at: int | None) -> "Checkpoint":
        """Return the checkpoint of a load that has not written anything."""
        return cls(VERSION, request, expires_at, 0, RowCounts(), 0)


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of `LoadRequest` in which two loads differ."""

    field: str
    saved: Any
    """The value of the interrupted load."""
    given: Any
    """The value of this load."""


class OtherVersion(Exception):  # noqa: N818  # `CheckpointFile` turns it into its error
    """A checkpoint was written in the format of another version of claimsctl."""

    def __init__(self, version: int) -> None:
        super().__init__(f"format {version}")
        self.version = version


class DifferentLoad(Exception):  # noqa: N818  # the command turns it into its error
    """A checkpoint belongs to a different load than the one to resume."""

    def __init__(self, checkpoint: Path, differences: list[Difference]) -> None:
        super().__init__(", ".join(difference.field for difference in differences))
        self.checkpoint = checkpoint
        self.differences = differences


def differences(saved: LoadRequest, given: LoadRequest) -> Iterator[Difference]:
    """Yield the fields in which `given` differs from `saved`."""
    for field in fields(LoadRequest):
        before, after = getattr(saved, field.name), getattr(given, field.name)
        if before != after:
            yield Difference(field.name, before, after)


def encode(checkpoint: Checkpoint) -> bytes:
    """Return `checkpoint` as the content of its file."""
    document = asdict(checkpoint)
    if not checkpoint.request.reading:  # compatible with versions that lack these options
        del document["request"]["reading"]
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def is_begun(content: bytes) -> bool:
    """Return whether `content` may be what a crash left of an encoded checkpoint, even nothing."""
    beginning = b'{\n "' + _VERSION_FIELD.encode() + b'":'
    return content[: len(beginning)] == beginning[: len(content)]


def decode(content: bytes) -> Checkpoint:
    """Decode the checkpoint in `content`.

    Raises `OtherVersion`, and `ValueError` for anything else that `encode` does not produce.
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
    if json.loads(encode(checkpoint)) != document:  # a missing, unknown or mistyped field
        raise ValueError
    return checkpoint
