"""Write the page of findings: ``python -m tools.findings_page PAGE``; with ``--check``, compare."""

import sys
from collections.abc import Iterator
from pathlib import Path

from claimsctl.explain.entries import Entry, EntryKind, Source, entries

_SECTIONS = {
    EntryKind.FINDING: (
        "Findings",
        "What `claimsctl` reports. The ids are stable: new ones are added, and none is renamed.",
    ),
    EntryKind.ENTRA_CODE: (
        "Entra's codes",
        "The codes that the sign-in log shows on a sign-in's Authentication Events tab.",
    ),
    EntryKind.SIGN_IN_ERROR: (
        "Sign-in errors",
        "The errors that users, apps and administrators see.",
    ),
    EntryKind.TOKEN_ERROR: (
        "Token errors",
        "What services and gateways report when they refuse a bearer token.",
    ),
    EntryKind.GRAPH_ERROR: (
        "Errors of Graph",
        "What Microsoft Graph and the portal report while you set up a tenant.",
    ),
    EntryKind.PRODUCT_CODE: (
        "The function's codes",
        "The `code` in the function's problem+json answers and the `outcome` in its log lines.",
    ),
    EntryKind.OTHER_CODE: (
        "Other codes and questions",
        "Codes and questions that do not belong to these extensions.",
    ),
}
_SOURCES = {
    Source.DOC: "",
    Source.CODE: "Not documented. Source: the product's public source code.",
    Source.FIELD: "Not documented. Source: reports from the field.",
    Source.READING: "The documentation does not say this; it is our reading.",
}


def page() -> str:
    """Return the whole page."""
    lines = [
        "# Findings and codes",
        "",
        "What each finding and code means, its usual causes, and how to check and fix it. At a",
        "terminal, the same texts are shown by `claimsctl explain RSP007`, `claimsctl explain",
        "1003005` or `claimsctl explain AADSTS50146`. `make events` generates this page.",
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
        ("How to fix", entry.cure),
    ):
        yield from ("", f"{title}:", "", *(f"- {point}" for point in points))


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
