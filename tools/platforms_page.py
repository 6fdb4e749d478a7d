"""Write the page of platforms: ``python -m tools.platforms_page PAGE``; ``--check`` compares."""

import sys

from claimsctl.judge.platforms import platforms

from tools.findings_page import write_or_check

_SOURCES = {
    "doc": "documented",
    "code": "source code or tests with the real program",
    "field": "public reports",
}


def page() -> str:
    """Return the whole page."""
    lines = [
        "# Platforms",
        "",
        "The platform or proxy in front of a service often answers instead of the service, and",
        "Entra's sign-in record shows the status only. `judge`, `call`, `doctor endpoint` and",
        "`tap` recognise these answers by header, body and status. `make events` generates this",
        "page from the table that these commands use.",
        "",
        "A 401 or 403 marked **checks tokens** comes from a check of bearer tokens; the",
        "[doctor](doctor.md) counts it as protection. Every other one is a failure.",
    ]
    for name in dict.fromkeys(each.name for each in platforms()):
        lines += ["", f"## {name[0].upper()}{name[1:]}", ""]
        lines += ["| what happened | what to do | source |", "|---|---|---|"]
        for each in platforms():
            if each.name == name:
                case = each.case + (" (**checks tokens**)" if each.knows_tokens else "")
                lines.append(f"| {case} | {each.do} | {_SOURCES[each.source]} |")
    return "\n".join(line.rstrip() for line in lines) + "\n"


if __name__ == "__main__":
    sys.exit(write_or_check(sys.argv[1:], page()))
