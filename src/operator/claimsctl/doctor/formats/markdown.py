"""A report as Markdown, for an issue or a pull request."""

import re

from claimsctl.doctor.runner import Report
from claimsctl.doctor.summary import advice, counts, headline
from claimsctl.judge.finding import Finding, Level
from claimsctl.text import escaped

_MARKS = {Level.OK: "✅", Level.SKIP: "⏭️", Level.WARN: "⚠️", Level.FAIL: "❌"}
_STEERING = re.compile(r"([\\`*_{}\[\]<>()#|~])")
_FULL = (Level.FAIL, Level.WARN)


def render(report: Report) -> str:
    """The report: the cause, what to do, then a table of all findings."""
    lines = [
        f"## {_MARKS[report.worst()]} {_plain(headline(report))}",
        "",
        f"`{escaped(report.url).replace('`', '')}`",
        "",
    ]
    if next_step := advice(report):
        lines += [_plain(next_step), ""]
    lines += ["| | id | what | found |", "|---|---|---|---|"]
    lines += [_row(finding) for finding in report.findings]
    todo = [each for each in report.findings if each.level in _FULL and each.hint]
    if todo:
        lines += ["", "### To do", ""]
        lines += [f"- **{each.id}** {_plain(each.hint)}" for each in todo]
    lines += ["", f"{counts(report)}; {len(report.calls)} calls made.", ""]
    return "\n".join(lines)


def _row(finding: Finding) -> str:
    code = f" ({finding.entra_code})" if finding.entra_code else ""
    level = f"{_MARKS[finding.level]} {finding.level.value}"
    cells = (level, finding.id, _plain(finding.title), _plain(finding.evidence + code))
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Text that is only text: what an endpoint sends becomes no link, table or tag."""
    return _STEERING.sub(r"\\\1", escaped(text))
