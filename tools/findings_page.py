"""``python -m tools.findings_page docs/findings.md`` writes the page; ``--check`` only compares."""

import sys
from collections.abc import Iterator
from pathlib import Path

from claimsctl.explain.entries import Entry, EntryKind, Source, entries

_SECTIONS = {
    EntryKind.FINDING: (
        "Findings",
        "What `claimsctl` finds. Ids are stable: they are added to, never renamed.",
    ),
    EntryKind.ENTRA_CODE: (
        "Entra's codes",
        "What the sign-in log shows: the sign-in, tab Authentication Events.",
    ),
    EntryKind.SIGN_IN_ERROR: (
        "Sign-in errors",
        "What users, apps and administrators get to see.",
    ),
    EntryKind.TOKEN_ERROR: (
        "Token errors",
        "What services and gateways say when they refuse a bearer token.",
    ),
    EntryKind.GRAPH_ERROR: (
        "Errors of Graph",
        "What Microsoft Graph and the portal say while a tenant is set up.",
    ),
    EntryKind.PRODUCT_CODE: (
        "The function's codes",
        "`code` of the function's problem+json answers, `outcome` of its log lines.",
    ),
    EntryKind.OTHER_CODE: (
        "Other codes and questions",
        "What is asked for and is not of these extensions.",
    ),
}
_SOURCES = {
    Source.DOC: "",
    Source.CODE: "Not documented: read in its public source code.",
    Source.FIELD: "Not documented so: reports from the field.",
    Source.READING: "The documentation leaves this open: we read it so.",
}


def page() -> str:
    """The whole page."""
    lines = [
        "# Findings and codes",
        "",
        "Written by `make events`, from what `claimsctl explain` reads; `make check` fails",
        "on a stale one. At a terminal: `claimsctl explain RSP007`, `claimsctl explain 1003005`,",
        "`claimsctl explain AADSTS50146`.",
    ]
    for kind, (title, about) in _SECTIONS.items():
        of_kind = [entry for entry in entries().values() if entry.kind is kind]
        lines += ["", f"## {title}", "", about, "", "| id | what it is | see |", "|---|---|---|"]
        for entry in of_kind:
            see = ", ".join(map(_link, entry.see))
            lines.append(f"| {_link(entry.id)} | {entry.name} | {see} |")
        for entry in of_kind:
            lines += _section(entry)
    return "\n".join(lines) + "\n"


def _section(entry: Entry) -> Iterator[str]:
    yield from ("", f"### {entry.id}", "", f"**{entry.name}.** {entry.meaning}")
    if note := _SOURCES[entry.source]:
        yield from ("", note)
    for title, points in (
        ("Usual causes", entry.causes),
        ("How to check", entry.check),
        ("How to cure", entry.cure),
    ):
        yield from ("", f"{title}:", "", *(f"- {point}" for point in points))


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
