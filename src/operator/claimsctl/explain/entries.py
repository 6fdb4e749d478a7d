"""The entries that explain codes and findings, read from this package's TOML files.

To add a group of findings, add a file named ``*_findings.toml``; nothing else is needed.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable
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
    TOKEN_ERROR = "token error"  # noqa: S105  # no password
    GRAPH_ERROR = "graph error"
    PRODUCT_CODE = "product code"
    OTHER_CODE = "other code"


class Source(StrEnum):
    """Where an explanation comes from."""

    DOC = "doc"
    """The vendor's documentation."""
    CODE = "code"
    """Public source code of what reports it."""
    FIELD = "field"
    """Reports from the field."""
    READING = "reading"
    """Our reading; the documentation does not say."""


HOW_TO_FIX: Final = "How to fix"
"""The label of an entry's cure."""
SOURCE_NOTES: Final = {
    Source.CODE: "The documentation does not say this; it is from public source code.",
    Source.FIELD: "The documentation does not say this; it is from users' reports.",
    Source.READING: "The documentation does not say this; it is our reading.",
}
"""What an entry says about a source other than the vendor's documentation."""

_DOCS: Final = {
    EntryKind.ENTRA_CODE: f"{_LEARN}/custom-extension-troubleshoot#error-codes-reference",
    EntryKind.SIGN_IN_ERROR: f"{_LEARN}/reference-error-codes",
    EntryKind.FINDING: f"{_LEARN}/custom-claims-provider-reference",
    EntryKind.TOKEN_ERROR: (
        "https://github.com/AzureAD/azure-activedirectory-identitymodel-extensions-for-dotnet"
    ),
    EntryKind.GRAPH_ERROR: f"{_LEARN}/custom-extension-troubleshoot",
    EntryKind.PRODUCT_CODE: "https://www.rfc-editor.org/rfc/rfc9457",
    EntryKind.OTHER_CODE: f"{_LEARN}/custom-extension-troubleshoot#error-codes-reference",
}


_FILES: Final = {
    EntryKind.ENTRA_CODE: "entra_codes.toml",
    EntryKind.SIGN_IN_ERROR: "sign_in_errors.toml",
    EntryKind.TOKEN_ERROR: "token_errors.toml",
    EntryKind.GRAPH_ERROR: "graph_errors.toml",
    EntryKind.PRODUCT_CODE: "product_codes.toml",
    EntryKind.OTHER_CODE: "other_codes.toml",
}
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PREFIXED: Final = re.compile(r"(?:AADSTS|IDX|AADB2C)?\d{5,7}|[A-Z]{3,4}\d{3}", re.IGNORECASE)
_FAMILIES: Final = (
    (re.compile(r"(?:AADSTS)?1003\d*", re.IGNORECASE), (EntryKind.ENTRA_CODE,)),
    (re.compile(r"AADSTS\d*|\d+", re.IGNORECASE), (EntryKind.SIGN_IN_ERROR,)),
    (re.compile(r"IDX\d*", re.IGNORECASE), (EntryKind.TOKEN_ERROR,)),
    (re.compile(r"[A-Z]{3,4}\d*", re.IGNORECASE), (EntryKind.FINDING,)),
)
"""The kinds to suggest for an input: a number of one list never suggests one of another list."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a code or finding means, its causes, and how to check and fix it."""

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
    marks: tuple[str, ...] = ()
    """Patterns of other products' messages for the same fault."""

    def document(self) -> dict[str, Any]:
        """Return the entry as a JSON object."""
        return {name: value for name, value in asdict(self).items() if name != "marks"}


@cache
def entries() -> dict[str, Entry]:
    """Return every entry by id, in the order of the files."""
    files = [(kind, _FOLDER / name) for kind, name in _FILES.items()]
    files += [(EntryKind.FINDING, path) for path in sorted(_FOLDER.glob("*_findings.toml"))]
    return {
        id_: _entry(id_, kind, fields)
        for kind, path in files
        for id_, fields in tomllib.loads(path.read_text("utf-8")).items()
    }


def page_link(id_: str) -> str:
    """Where the repository's documentation explains an id, as a path from the repository's root."""
    return f"docs/findings.md#{id_.lower()}"


def find_entry(asked: str) -> Entry | None:
    """Return the entry with that id or name, ignoring case and a missing or extra AADSTS prefix."""
    all_entries = entries()
    wanted = _plain(asked)
    for id_, entry in all_entries.items():
        if wanted in (_plain(id_), _plain(entry.name)):
            return entry
    return all_entries.get(f"AADSTS{wanted}") or all_entries.get(wanted.removeprefix("aadsts"))


def find_entries(text: str) -> list[Entry]:
    """Return the entries that a pasted text, such as a log line, is about: by id, or by wording.

    The entries are in the order of the text, except that a code of Entra's own list comes before
    AADSTS1100001, which only says that such a code exists.
    """
    found = find_entry(text)
    if found is not None:
        return [found]
    by_id = [entry for word in _WORD.findall(text) if (entry := _named(word)) is not None]
    if any(entry.kind is EntryKind.TOKEN_ERROR for entry in by_id):
        reason = token_error_in(text)  # may be more specific than invalid_token
        by_id = [reason, *by_id] if reason is not None else by_id
    unique = list(dict.fromkeys(by_id)) or [
        entry for entry in entries().values() if _has_any(entry.marks, text)
    ]
    return sorted(unique, key=lambda entry: entry.kind is EntryKind.SIGN_IN_ERROR)


def token_error_in(text: str) -> Entry | None:
    """Return the most specific reason for a refused bearer token that `text` gives."""
    for entry in entries().values():
        marks = (re.escape(entry.id), *entry.marks)
        if entry.kind is EntryKind.TOKEN_ERROR and _has_any(marks, text):
            return entry
    return None


def nearest(asked: str) -> list[Entry]:
    """Return the entries of the same family with the most similar ids or names, best first."""
    wanted = _plain(asked)
    family = next((kinds for form, kinds in _FAMILIES if form.fullmatch(wanted)), tuple(EntryKind))
    by_spelling = {
        spelling: entry
        for entry in entries().values()
        if entry.kind in family
        for spelling in (_plain(entry.id), _plain(entry.name))
    }
    if not wanted:
        return []
    close = [
        match
        for spelling in dict.fromkeys((wanted, f"aadsts{wanted}" if wanted.isdecimal() else wanted))
        for match in difflib.get_close_matches(spelling, by_spelling, _NEAREST_MAX)
    ]
    found = {by_spelling[match].id: by_spelling[match] for match in close}
    return list(found.values())[:_NEAREST_MAX]


def _has_any(marks: Iterable[str], text: str) -> bool:
    return any(re.search(mark, text, re.IGNORECASE) for mark in marks)


def _named(word: str) -> Entry | None:
    """Return the entry whose id or name is `word`; a plain number counts only if it is a code."""
    if _PREFIXED.fullmatch(word):
        return find_entry(word)
    all_entries = entries()
    if word in all_entries:
        return all_entries[word]
    is_name = re.fullmatch(r"(?:[A-Z][A-Za-z]+){2,}", word) is not None
    return find_entry(word) if is_name else None


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
        marks=tuple(fields.get("marks", ())),
    )


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", "", text).lower()
