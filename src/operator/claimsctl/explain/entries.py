"""The entries that explain codes and findings, read from the TOML files of this package.

A new group of findings needs a new file ``*_findings.toml`` and nothing else.
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
_NEAREST_MAX: Final = 3


class EntryKind(StrEnum):
    """What an entry explains."""

    ENTRA_CODE = "entra code"
    SIGN_IN_ERROR = "sign-in error"
    FINDING = "finding"


class Source(StrEnum):
    """Where an explanation comes from."""

    DOC = "doc"
    """The vendor's documentation."""
    FIELD = "field"
    """Reports from the field."""
    READING = "reading"
    """Our reading, where the documentation is silent."""


_DOCS: Final = {
    EntryKind.ENTRA_CODE: f"{_LEARN}/custom-extension-troubleshoot#error-codes-reference",
    EntryKind.SIGN_IN_ERROR: f"{_LEARN}/reference-error-codes",
    EntryKind.FINDING: f"{_LEARN}/custom-claims-provider-reference",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a code or finding means, what causes it, how to check and cure it."""

    id: str
    kind: EntryKind
    name: str
    meaning: str
    causes: tuple[str, ...]
    check: tuple[str, ...]
    cure: tuple[str, ...]
    see: tuple[str, ...]
    """Ids of related entries."""
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


def find_entry(asked: str) -> Entry | None:
    """The entry with that id or name, in any case; an AADSTS number may come without AADSTS."""
    all_entries = entries()
    wanted = _plain(asked)
    for id_, entry in all_entries.items():
        if wanted in (_plain(id_), _plain(entry.name)):
            return entry
    return all_entries.get(f"AADSTS{wanted}")


def nearest(asked: str) -> list[Entry]:
    """The entries whose ids or names look most like it, best first."""
    by_spelling = {
        spelling: entry
        for entry in entries().values()
        for spelling in (_plain(entry.id), _plain(entry.name))
    }
    wanted = _plain(asked)
    close = [
        match
        for prefix in ("", "aadsts" if wanted.isdecimal() else "")
        for match in difflib.get_close_matches(prefix + wanted, by_spelling, _NEAREST_MAX)
    ]
    found = {by_spelling[match].id: by_spelling[match] for match in close}
    return list(found.values())[:_NEAREST_MAX]


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


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", "", text).lower()
