"""``python -m tools.platforms_page PAGE`` writes the page; ``--check`` only compares."""

import sys

from claimsctl.judge.platforms import platforms

from tools.findings_page import write_or_check

_SOURCES = {
    "doc": "documented",
    "code": "read in its source, or seen from the real program",
    "field": "public reports",
}


def page() -> str:
    """The whole page."""
    lines = [
        "# Platforms",
        "",
        "Whose answer is it? What is in front of a service often answers in its place, and",
        "Entra's record shows the status only. `judge`, `call`, `doctor endpoint` and `tap`",
        "recognise these answers by header, body and status. `make events` writes this page from",
        "the table that they use; `make check` fails on a stale one.",
        "",
        "A 401 or 403 marked **checks tokens** is the work of what verifies bearer tokens:",
        "for the [doctor](doctor.md) it is protection. Every other one is a failure.",
    ]
    for name in dict.fromkeys(each.name for each in platforms()):
        lines += ["", f"## {name[0].upper()}{name[1:]}", ""]
        lines += ["| what has happened | what to do | known from |", "|---|---|---|"]
        for each in platforms():
            if each.name == name:
                case = each.case + (" (**checks tokens**)" if each.knows_tokens else "")
                lines.append(f"| {case} | {each.do} | {_SOURCES[each.source]} |")
    return "\n".join(line.rstrip() for line in lines) + "\n"


if __name__ == "__main__":
    sys.exit(write_or_check(sys.argv[1:], page()))
