"""One sample file, and what the function answers to it."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EventFile:
    """One file, and what the function answers to it."""

    name: str
    content: bytes
    status: int
    code: str | None
    """``code`` of the problem+json; ``None`` for claims."""
    about: str
    status_open: int | None = None
    """The status under ``CALLER_VERIFICATION=none``, where it is another one."""


def pretty(document: Any) -> bytes:
    """`document` as a file for people: indented JSON."""
    return json.dumps(document, indent=2).encode() + b"\n"
