"""Write the tables of a page: ``python -m tools.tenant_tables PAGE``; ``--check`` compares.

The table of the chain is generated from its model, and the table of symptoms from the findings.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from claimsctl.explain.entries import entries
from claimsctl.tenant.chain import LINKS
from claimsctl.tenant.checks import TENANT_CHECKS


def chain_table() -> Iterator[str]:
    """Yield the table of the links, in order."""
    yield "| link | in the portal | permission | without it | findings |"
    yield "|---|---|---|---|---|"
    for link in LINKS:
        findings = ", ".join(map(_link, link.findings))
        errors = ", ".join(map(_link, link.errors)) or "no error, but Entra drops the claims"
        permissions = ", ".join(f"`{name}`" for name in link.permissions)
        yield f"| {link.title} | {link.portal} | {permissions} | {errors} | {findings} |"


def symptom_table() -> Iterator[str]:
    """Yield the table of symptoms, causes and fixes."""
    yield "| what you see | finding | usual causes | how to fix |"
    yield "|---|---|---|---|"
    for id_ in TENANT_CHECKS:
        entry = entries()[id_]
        seen = ", ".join(map(_link, entry.see)) or "no error, but no claim in the token"
        causes = " ".join(entry.causes)
        yield f"| {seen} | {_link(id_)} {entry.name} | {causes} | {' '.join(entry.cure)} |"


def page(text: str) -> str:
    """Return the page with new tables."""
    for name, table in (("chain", chain_table()), ("symptoms", symptom_table())):
        begin, end = f"<!-- {name}: made by make events -->", f"<!-- end of {name} -->"
        made = "\n".join((begin, "", *table, "", end))
        parts = re.split(f"{begin}.*?{end}", text, flags=re.DOTALL)
        text, count = made.join(parts), len(parts) - 1
        if count != 1:
            message = f"expected one section {begin} … {end}, found {count}"
            raise ValueError(message)
    return text


def _link(id_: str) -> str:
    return f"[{id_}](findings.md#{id_.lower()})" if id_ in entries() else f"`{id_}`"


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
