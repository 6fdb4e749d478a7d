"""``python -m tools.platforms_page PAGE`` writes the page; ``--check`` only compares."""

import sys
from collections.abc import Iterator
from typing import Final

from claimsctl.judge.platforms import Platform, platforms

from tools.findings_page import write_or_check

_SOURCES: Final = {"doc": "", "code": "¹", "field": "²"}
_TOKENS: Final = "³"


def page() -> str:
    """The whole page."""
    lines = [
        "# Platforms",
        "",
        "This page is for operators whose endpoint answers with something that the service did not",
        "send: proxies, gateways, firewalls, tunnels and hosting platforms answer in its place.",
        "`judge`, `call`, `doctor endpoint` and `tap` recognise these answers.",
        "",
        "Sources: the platform's documentation, or where marked ¹ its source code or the real",
        "program, ² public reports. ³ This 401 or 403 comes from a check of bearer tokens, which",
        "the [doctor](doctor.md) counts as protection.",
    ]
    for name in dict.fromkeys(each.name for each in platforms()):
        lines += ["", f"## {name[0].upper()}{name[1:]}", ""]
        lines += _rows([each for each in platforms() if each.name == name])
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _rows(alike: list[Platform]) -> Iterator[str]:
    """A line for each thing to do, with the cases that it is for."""
    for do in dict.fromkeys(each.do for each in alike):
        cases = dict.fromkeys(_case(each) for each in alike if each.do == do)
        yield f"- {' '.join(cases)} {do}"


def _case(platform: Platform) -> str:
    marks = _SOURCES[platform.source] + (_TOKENS if platform.knows_tokens else "")
    return f"*{platform.case[0].upper()}{platform.case[1:]}.*{marks}"


if __name__ == "__main__":
    sys.exit(write_or_check(sys.argv[1:], page()))
