"""Read the recordings of ``claimsctl tap --save`` by correlation id."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from claimsctl.errors import OperatorError

_SUFFIX: Final = ".exchange.json"
_BYTES_MAX: Final = 4 << 20
"""The maximum size: two bodies of at most 256 KB, escaped, and the verdict."""
_PER_SIGN_IN: Final = 10


@dataclass(frozen=True, slots=True)
class Recording:
    """The verdict on one recorded exchange."""

    file: str
    at: str
    accepted: bool | None
    """`None` for an exchange that was not judged."""
    entra_code: int | None
    finding: str
    """The id of the failure that Entra would report; may be empty."""
    title: str
    where: str
    do: str

    def document(self) -> dict[str, Any]:
        """Return the recording as a JSON object."""
        return asdict(self)


Recordings = dict[str, list[Recording]]


def read_recordings(folder: Path, wanted: Collection[str]) -> tuple[Recordings, int]:
    """Read the recordings of the `wanted` correlation ids, and count the unreadable files.

    Raises `OperatorError` for a folder without recordings.
    """
    try:
        names = sorted(path.name for path in folder.iterdir() if path.name.endswith(_SUFFIX))
    except OSError as error:
        message = f"--tap {folder}: {error.strerror}"
        raise OperatorError(message) from None
    if not names:
        message = (
            f"--tap {folder}: no recorded exchange in it; expected a folder of claimsctl tap --save"
        )
        raise OperatorError(message)
    found: Recordings = {}
    unreadable = 0
    for name in names:
        document = _read(folder / name)
        if document is None:
            unreadable += 1
            continue
        correlation_id = str(document.get("correlation_id", "")).lower()
        kept = found.setdefault(correlation_id, []) if correlation_id in wanted else None
        if kept is not None and len(kept) < _PER_SIGN_IN:
            kept.append(_recording(name, document))
    return found, unreadable


def _read(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_BYTES_MAX))
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _recording(name: str, document: dict[str, Any]) -> Recording:
    at = str(document.get("began_at", ""))
    verdict = document.get("verdict")
    if not isinstance(verdict, dict):
        return Recording(name, at, None, None, "", "", "", "")
    accepted = verdict.get("verdict") == "accepted"
    failure: dict[str, Any] = {}
    for finding in verdict.get("findings", []):
        if isinstance(finding, dict) and finding.get("level") == "fail":
            failure = finding
            break
    place = failure.get("place") or {}
    where = f"line {place['line']}, column {place['column']}" if "line" in place else ""
    code = verdict.get("entra_code")
    return Recording(
        name,
        at,
        accepted,
        code if isinstance(code, int) else None,
        str(failure.get("id", "")),
        str(failure.get("title", "")),
        where,
        str(failure.get("hint", "")),
    )
