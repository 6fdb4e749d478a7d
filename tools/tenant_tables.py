"""``python -m tools.tenant_tables docs/tenant.md`` writes its parts; ``--check`` only compares.

The table of the chain follows from its model, the list of symptoms from the findings.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from claimsctl.explain.entries import entries
from claimsctl.tenant.chain import LINKS
from claimsctl.tenant.checks import TENANT_CHECKS

_SILENT: Final = "no error, but no claims"


def chain_table() -> Iterator[str]:
    """The links in their order."""
    yield "| required object | in the portal | Graph permission to create it | symptom without it |"
    yield "|---|---|---|---|"
    for link in LINKS:
        errors = ", ".join(map(_link, link.errors)) or _SILENT
        permissions = ", ".join(f"`{name}`" for name in link.permissions)
        yield f"| {link.title} | {link.portal} | {permissions} | {errors} |"


def symptom_list() -> Iterator[str]:
    """What is seen, and the findings that explain it; by name where no code tells them apart."""
    of_silent_links = {id_ for link in LINKS if not link.errors for id_ in link.findings}
    findings: dict[str, list[str]] = {}
    for id_ in TENANT_CHECKS:
        codes = entries()[id_].see
        silent_too = (_SILENT,) if id_ in of_silent_links or not codes else ()
        for seen in map(_link, (*codes, *silent_too)):
            findings.setdefault(seen, []).append(id_)
    silent = findings.pop(_SILENT)
    for seen, ids in findings.items():
        yield f"- {seen}: {', '.join(map(_link, ids))}"
    yield f"- {_SILENT}:"
    for id_ in silent:
        yield f"  - {_link(id_)} {entries()[id_].name}"


def page(text: str) -> str:
    """The page with both parts written anew."""
    for name, lines in (("chain", chain_table()), ("symptoms", symptom_list())):
        begin, end = f"<!-- {name}: made by make events -->", f"<!-- end of {name} -->"
        made = "\n".join((begin, "", *lines, "", end))
        parts = re.split(f"{begin}.*?{end}", text, flags=re.DOTALL)
        text, count = made.join(parts), len(parts) - 1
        if count != 1:
            message = f"expected one section {begin} … {end}, found {count}"
            raise ValueError(message)
    return text


def _link(id_: str) -> str:
    return f"[{id_}](findings.md#{id_.lower()})" if id_ in entries() else id_


def main(arguments: list[str]) -> int:
    """Write the named page, or compare it; return 1 if it is out of date."""
    (path,) = (Path(argument) for argument in arguments if argument != "--check")
    held = path.read_text("utf-8")
    wanted = page(held)
    if "--check" in arguments and held != wanted:
        sys.stderr.write(f"{path}: out of date; run make events\n")
        return 1
    if held != wanted:
        path.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
