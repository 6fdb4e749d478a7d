"""One entry of the catalogue, and where all of them come from.

Whoever adds findings adds a file ``*_findings.toml`` beside this one; nothing else.
"""

import difflib
import re
import tomllib
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent
_LEARN: Final = "https://learn.microsoft.com/entra/identity-platform"


class EntryKind(StrEnum):
    """What an entry explains."""

    ENTRA_CODE = "entra code"
    SIGN_IN_ERROR = "sign-in error"
    FINDING = "finding"


class Source(StrEnum):
    """Who says so."""

    DOC = "doc"
    """The vendor's documentation."""
    FIELD = "field"
    """People who met it."""
    READING = "reading"
    """We read the documentation so, where it is silent."""


_DOCS: Final = {
    EntryKind.ENTRA_CODE: f"{_LEARN}/custom-extension-troubleshoot#error-codes-reference",
    EntryKind.SIGN_IN_ERROR: f"{_LEARN}/reference-error-codes",
    EntryKind.FINDING: f"{_LEARN}/custom-claims-provider-reference",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a code or finding means, whence it comes, how to check and cure it."""

    id: str
    kind: EntryKind
    name: str
    meaning: str
    causes: tuple[str, ...]
    check: tuple[str, ...]
    cure: tuple[str, ...]
    see: tuple[str, ...]
    """Ids of what goes with it."""
    source: Source
    doc: str

    def document(self) -> dict[str, Any]:
        """The entry for machines."""
        return asdict(self)


@cache
def entries() -> dict[str, Entry]:
    """Every entry by id: Entra's codes, sign-in errors, findings, each in the order of its file."""
    files = [(EntryKind.ENTRA_CODE, _FOLDER / "entra_codes.toml")]
    files.append((EntryKind.SIGN_IN_ERROR, _FOLDER / "sign_in_errors.toml"))
    files += [(EntryKind.FINDING, path) for path in sorted(_FOLDER.glob("*_findings.toml"))]
    return {
        id_: _entry(id_, kind, fields)
        for kind, path in files
        for id_, fields in tomllib.loads(path.read_text("utf-8")).items()
    }


def _entry(id_: str, kind: EntryKind, fields: dict[str, Any]) -> Entry:
    return Entry(
        id_,
        kind,
        fields["name"],
        fields["meaning"],
        causes=tuple(fields["causes"]),
        check=tuple(fields["check"]),
        cure=tuple(fields["cure"]),
        see=tuple(fields.get("see", ())),
        source=Source(fields.get("source", "doc")),
        doc=fields.get("doc", _DOCS[kind]),
    )


_NEAREST = 3


def find_entry(asked: str) -> Entry | None:
    """The entry with that id or name, in any case; an AADSTS number may come without AADSTS."""
    known = entries()
    wanted = _plain(asked)
    for id_, entry in known.items():
        if wanted in (_plain(id_), _plain(entry.name)):
            return entry
    return known.get(f"AADSTS{wanted}")


def nearest(asked: str) -> list[Entry]:
    """The entries whose ids or names look most like it, best first."""
    known = {
        spelling: entry
        for entry in entries().values()
        for spelling in (_plain(entry.id), _plain(entry.name))
    }
    wanted = _plain(asked)
    close = [
        match
        for prefix in ("", "aadsts" if wanted.isdecimal() else "")
        for match in difflib.get_close_matches(prefix + wanted, known, _NEAREST)
    ]
    found = {known[match].id: known[match] for match in close}
    return list(found.values())[:_NEAREST]


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", "", text).lower()
