"""``python -m tools.findings_page docs/findings.md`` writes the page; ``--check`` only compares.

The page has each meaning in short and each cure; the rest is in `claimsctl explain`.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from claimsctl.explain.entries import (
    SOURCE_NOTES,
    Entry,
    EntryKind,
    Source,
    entries,
)

_SECTIONS: Final = {
    EntryKind.FINDING: (
        "Findings",
        "The findings of `claimsctl`. New ids may be added; existing ids are never renamed.",
    ),
    EntryKind.ENTRA_CODE: (
        "Entra's codes",
        "The sign-in log shows them in the sign-in's tab Authentication Events.",
    ),
    EntryKind.SIGN_IN_ERROR: (
        "Sign-in errors",
        "Users, apps and administrators see these.",
    ),
    EntryKind.TOKEN_ERROR: (
        "Token errors",
        "Services and gateways give these when they refuse a bearer token.",
    ),
    EntryKind.GRAPH_ERROR: (
        "Errors of Graph",
        "Microsoft Graph and the portal show these while a tenant is set up.",
    ),
    EntryKind.PRODUCT_CODE: (
        "The function's codes",
        "[Answers and errors](errors.md) has their meaning. Entra shows [1003002](#1003002).",
    ),
    EntryKind.OTHER_CODE: (
        "Other codes and questions",
        "Users ask about these, but they are not part of Token Issuance Start extensions.",
    ),
}
_MARKS: Final = {Source.DOC: "", Source.CODE: "¹", Source.FIELD: "²", Source.READING: "³"}
_FAMILIES_NAMED_BY_FAULT: Final = ("RSP", "NET")
"""Findings whose name says what is wrong, as a token error's does: they need no meaning here."""


def page() -> str:
    """Return the whole page."""
    lines = [
        "# Findings and codes",
        "",
        "This page is for everyone who has an id or error code and wants to know what it means",
        "and how to fix it. `claimsctl explain ID` prints more: the whole meaning, the usual",
        "causes and how to check for them. It also accepts a pasted log line. `make events` writes",
        "this page.",
        "",
        "Some entries have a mark for their source:",
        "",
    ]
    lines += [f"- {_MARKS[source]} {note}" for source, note in SOURCE_NOTES.items()]
    for kind, (title, about) in _SECTIONS.items():
        lines += ["", f"## {title}", "", about]
        for entry in entries().values():
            if entry.kind is kind:
                lines += _section(entry)
    return "\n".join(lines) + "\n"


def in_short(meaning: str) -> str:
    """The first sentence of a meaning."""
    return re.split(r"(?<=\.) (?=[A-Z0-9])", meaning)[0]


def _section(entry: Entry) -> Iterator[str]:
    source = _MARKS[entry.source]
    cure = " ".join(entry.cure)
    see = f" ({', '.join(map(_link, entry.see))})" if entry.see else ""
    yield from ("", f"### {entry.id}", "")
    if entry.kind is EntryKind.PRODUCT_CODE:
        yield cure
    elif entry.kind is EntryKind.TOKEN_ERROR or entry.id.startswith(_FAMILIES_NAMED_BY_FAULT):
        yield f"**{entry.name}.**{source} {cure}{see}"
    else:
        yield f"**{entry.name}.** {in_short(entry.meaning)}{source}"
        yield from ("", f"{cure}{see}")


def _link(id_: str) -> str:
    return f"[{id_}](#{id_.lower()})"


def write_or_check(arguments: list[str], text: str) -> int:
    """Write `text` to the named page, or compare it; return 1 if the page is stale."""
    check = "--check" in arguments
    (path,) = (Path(argument) for argument in arguments if argument != "--check")
    wanted = text.encode("utf-8")
    fresh = path.is_file() and path.read_bytes() == wanted
    if check and not fresh:
        sys.stderr.write(f"{path}: out of date; run make events\n")
        return 1
    if not fresh:
        path.write_bytes(wanted)
    return 0


def main(arguments: list[str]) -> int:
    """Write or compare the page of findings."""
    return write_or_check(arguments, page())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
