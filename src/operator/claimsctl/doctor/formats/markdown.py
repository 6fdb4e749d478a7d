"""A report as Markdown, for an issue or a pull request."""

import re

from claimsctl.doctor.runner import Report, advice, counts, headline
from claimsctl.explain.entries import page_link
from claimsctl.judge.finding import Finding, Level
from claimsctl.text import escaped

_MARKS = {Level.OK: "✅", Level.SKIP: "⏭️", Level.WARN: "⚠️", Level.FAIL: "❌"}
_PROSE = re.compile(r"(?:[A-Za-z ,;()'\"?]|\b[0-9]{1,4}\b|-(?=[a-z])|[.:](?= |$))*")
"""Words and punctuation, but nothing that GitHub or GitLab turns into a link or a mention."""
_FULL = (Level.FAIL, Level.WARN)


def render(report: Report) -> str:
    """Return the report: the cause, the advice, and a table of all findings."""
    lines = [
        f"## {_MARKS[report.worst()]} {_inert(headline(report))}",
        "",
        _code(report.url),
        "",
    ]
    if next_step := advice(report):
        lines += [_inert(next_step), ""]
    lines += ["| | id | what | found |", "|---|---|---|---|"]
    lines += [_row(finding) for finding in report.findings]
    todo = [each for each in report.findings if each.level in _FULL and each.hint]
    if todo:
        lines += ["", "### What to do", ""]
        lines += [_advice(each) for each in todo]
    lines += ["", f"{counts(report)}; {len(report.calls)} calls made.", ""]
    return "\n".join(lines)


def _row(finding: Finding) -> str:
    code = f" ({finding.entra_code})" if finding.entra_code else ""
    level = f"{_MARKS[finding.level]} {finding.level.value}"
    cells = (level, finding.id, _inert(finding.title), _inert(finding.evidence + code))
    return f"| {' | '.join(cells)} |"


def _advice(finding: Finding) -> str:
    return f"- **{finding.id}** {_inert(finding.hint)} ({_code(page_link(finding.id))})"


def _inert(text: str) -> str:
    """Return `text` unchanged if it is prose, otherwise as code.

    GitHub and GitLab turn addresses, hashes, numbers and names into links, and names after an @
    into mentions, even if they are escaped; they change nothing in code.
    """
    return text if _PROSE.fullmatch(text) and "www" not in text.lower() else _code(text)


def _code(text: str) -> str:
    """Return `text` as code, with backticks and bars spelled out."""
    spelled = escaped(text).replace("`", "\\u0060").replace("|", "\\u007c")
    return f"`{spelled}`"
