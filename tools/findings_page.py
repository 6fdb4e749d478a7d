"""``python -m tools.findings_page docs/findings.md`` writes the page; ``--check`` only compares.

The page has each meaning in short and each cure; causes and checks are in `claimsctl explain`.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from claimsctl.explain.entries import Entry, EntryKind, Source, entries

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
        "The function's problem+json answers have them in `code`, its log lines in `outcome`.",
    ),
    EntryKind.OTHER_CODE: (
        "Other codes and questions",
        "Users ask about these, but they are not part of Token Issuance Start extensions.",
    ),
}
_SOURCES: Final = {
    Source.DOC: "",
    Source.CODE: "source code",
    Source.FIELD: "field reports",
    Source.READING: "our reading",
}
_MEANING_WORDS_MAX: Final = 20


def page() -> str:
    """The whole page."""
    lines = [
        "# Findings and codes",
        "",
        "This page is for everyone who has an id or error code and wants to know what it means",
        "and what to do. `claimsctl explain ID` prints the whole entry, with its usual causes and",
        "how to check them. It also accepts a pasted log line.",
        "",
        "Brackets name the source of what the vendor does not document: public *source code*,",
        "*field reports*, or *our reading* where the documentation is silent. `make events` writes",
        "this page.",
    ]
    for kind, (title, about) in _SECTIONS.items():
        lines += ["", f"## {title}", "", about]
        for entry in entries().values():
            if entry.kind is kind:
                lines += _section(entry)
    return "\n".join(lines) + "\n"


def in_short(meaning: str) -> str:
    """The first sentences of a meaning, as many as fit into 20 words; at least one."""
    first, *others = re.split(r"(?<=\.) (?=[A-Z0-9])", meaning)
    for sentence in others:
        if len(f"{first} {sentence}".split()) > _MEANING_WORDS_MAX:
            break
        first = f"{first} {sentence}"
    return first


def _section(entry: Entry) -> Iterator[str]:
    source = _SOURCES[entry.source]
    note = f" ({source})" if source else ""
    yield from ("", f"### {entry.id}", "", f"**{entry.name}.** {in_short(entry.meaning)}{note}", "")
    yield from (f"- {point}" for point in entry.cure)
    if entry.see:
        yield from ("", f"See {', '.join(map(_link, entry.see))}")


def _link(id_: str) -> str:
    return f"[{id_}](#{id_.lower()})"


def write_or_check(arguments: list[str], text: str) -> int:
    """Write `text` to the named page, or compare it; 1 when it is stale."""
    check = "--check" in arguments
    (path,) = (Path(argument) for argument in arguments if argument != "--check")
    wanted = text.encode("utf-8")
    fresh = path.is_file() and path.read_bytes() == wanted
    if check and not fresh:
        sys.stderr.write(f"{path}: stale; run make events\n")
        return 1
    if not fresh:
        path.write_bytes(wanted)
    return 0


def main(arguments: list[str]) -> int:
    """Write the page of findings, or compare it."""
    return write_or_check(arguments, page())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
