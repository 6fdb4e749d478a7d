"""A report as a self-contained HTML page: it loads no other files and runs no script."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Final

from claimsctl.doctor.calls import CONTRACT_CALLS, Call
from claimsctl.doctor.runner import Report, advice, counts, headline, is_protected
from claimsctl.explain.entries import page_link
from claimsctl.judge.attempt import Phase
from claimsctl.judge.finding import BASIS_NOTES, Finding, Level
from claimsctl.judge.judge import CLAIMS_BYTES_MAX
from claimsctl.text import escaped

_SUBJECTS: Final = {
    "URL": "Target URL",
    "DNS": "Name",
    "TCP": "Connection",
    "TLS": "TLS",
    "HTTP": "HTTP",
    "AUT": "Authentication",
    "CON": "The contract, for every kind of user",
    "RSP": "The answers",
    "NET": "No answer",
    "ROB": "Invalid calls",
    "LAT": "Time",
    "IDM": "Repetition",
    "HYG": "Disclosed information",
}
_GRAVEST = (Level.FAIL, Level.WARN, Level.OK, Level.SKIP)
_OPEN = {Level.FAIL, Level.WARN}
_VERDICTS = {
    Level.FAIL: "problems found",
    Level.WARN: "no failures, but warnings",
    Level.OK: "no problems found",
}
_PHASES: Final = {
    Phase.DNS: "name",
    Phase.CONNECT: "connect",
    Phase.TLS: "TLS",
    Phase.SEND: "send",
    Phase.FIRST_BYTE: "waiting for the first byte",
    Phase.BODY: "rest of the answer",
}


def render(report: Report, wait_ms: int, checked_at: datetime) -> str:
    """Return the page: cause, advice, all findings by subject, timings and sizes."""
    style = Path(__file__).with_name("page.css").read_text("utf-8")
    level = report.worst()
    protected = is_protected(report) and level is not Level.FAIL
    pill = "contract not tested" if protected else _VERDICTS[level]
    parts = [
        f'<span class="pill {Level.SKIP if protected else level}">{pill}</span>',
        f"<h1>{_text(headline(report))}</h1>",
        f'<div class="url">{_text(report.url)}</div>',
    ]
    if next_step := advice(report):
        parts.append(f'<p class="advice"><b>Next:</b> {_text(next_step)}</p>')
    parts.append(f'<div class="counts">{"".join(_count_pills(report))}</div>')
    parts.append("<h2>Findings</h2>")
    parts += _groups(report.findings)
    parts += _waterfall(report.calls, wait_ms)
    parts += _sizes(report.calls)
    moment = checked_at.astimezone(UTC)
    parts.append(
        f"<footer>Checked on {moment:%Y-%m-%d at %H:%M} UTC by claimsctl "
        f"{version('entra-claims-provider')} with {len(report.calls)} calls; Entra's timeout: "
        f"{wait_ms} ms. {counts(report)}.</footer>"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # The endpoint's data is shown as text; even if it were not, it could load nothing.
        '<meta http-equiv="content-security-policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{_text(pill)}: {_text(report.url)}</title>\n<style>\n{style}</style>\n</head>\n"
        "<body>\n<main>\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


def _count_pills(report: Report) -> Iterator[str]:
    for level in _GRAVEST:
        number = sum(finding.level is level for finding in report.findings)
        if number:
            yield f'<span class="pill {level.value}">{number} {level.value}</span>'


def _groups(findings: Sequence[Finding]) -> Iterator[str]:
    order = {subject: place for place, subject in enumerate(_SUBJECTS)}
    by_subject = sorted(findings, key=lambda each: order.get(_subject(each), len(order)))
    for subject, group in groupby(by_subject, key=_subject):
        alike = list(group)
        worst = next(level for level in _GRAVEST if level in {each.level for each in alike})
        opened = " open" if worst in _OPEN else ""
        title = _SUBJECTS.get(subject, subject)
        yield (
            f'<details class="card"{opened}><summary><b>{_text(title)}</b>'
            f'<span class="pill {worst.value}">{worst.value}</span></summary>'
            f"{''.join(map(_finding, alike))}</details>"
        )


def _subject(finding: Finding) -> str:
    return finding.id.rstrip("0123456789")


def _finding(finding: Finding) -> str:
    id_ = _text(finding.id)
    link = f'<a class="id" href="{escape(finding.doc)}">{id_}</a>' if finding.doc else id_
    return (
        f'<div class="finding"><span class="pill {finding.level.value}">{finding.level.value}'
        f'</span><span>{link}</span><span class="title">{_text(finding.title)}</span>'
        f'<span class="evidence">{_text(finding.evidence)}</span>{_details(finding)}</div>'
    )


def _details(finding: Finding) -> str:
    if finding.level not in _OPEN:
        return ""
    by_reading = BASIS_NOTES.get(finding.basis, "")
    code = f"{finding.entra_code}{by_reading}" if finding.entra_code else ""
    place = finding.place
    at = f"line {place.line}, column {place.column} {place.pointer}" if place else ""
    named = {
        "at": at,
        "expected": finding.expected,
        "do": finding.hint,
        "Entra shows": code,
        "explained": f"claimsctl explain {finding.id}; {page_link(finding.id)}",
    }
    rows = "".join(
        f"<dt>{name}</dt><dd>{_text(value)}</dd>" for name, value in named.items() if value
    )
    return f"<dl>{rows}</dl>"


def _waterfall(calls: Sequence[Call], wait_ms: int) -> Iterator[str]:
    """Yield a bar for each call, a colour for each phase, and a line at Entra's timeout."""
    if not calls:
        return
    slowest = max(call.attempt.elapsed_ms for call in calls)
    # Without the line if it would make a fast endpoint's bars too small to see.
    width = max(slowest, 1.0) * 1.05
    shows_limit = wait_ms <= width
    yield "<h2>Time of each call</h2>"
    yield '<div class="chart"><div class="legend">'
    yield from (
        f'<span><i class="{phase.value}"></i>{name}</span>' for phase, name in _PHASES.items()
    )
    if shows_limit:
        yield f'<span><i class="limit"></i>Timeout of Entra: {wait_ms} ms</span></div>'
    else:
        yield f"<span>Timeout of Entra: {wait_ms} ms, outside this chart</span></div>"
    for call in calls:
        answer = call.attempt.answer
        status = "no answer" if answer is None else str(answer.status)
        limit = f'<i class="limit" style="left:{100 * wait_ms / width:.2f}%"></i>'
        yield (
            f'<div class="row"><span class="name">{_text(call.purpose)}</span>'
            f'<span class="track">{"".join(_segments(call, width))}{limit if shows_limit else ""}'
            f'</span><span class="number">{call.attempt.elapsed_ms:.0f} ms · {status}</span></div>'
        )
    yield "</div>"


def _segments(call: Call, width: float) -> Iterator[str]:
    begun = 0.0
    for phase, taken in call.attempt.timings.items():
        yield (
            f'<i class="{phase.value}" title="{_PHASES[phase]} {taken:.1f} ms" '
            f'style="left:{100 * begun / width:.2f}%;width:{100 * taken / width:.2f}%"></i>'
        )
        begun += taken


def _sizes(calls: Sequence[Call]) -> Iterator[str]:
    """Yield a bar for the size of each contract answer with claims, as a share of 3 KB."""
    answered = [call for call in calls if call.verdict.claims_bytes and call.id in CONTRACT_CALLS]
    if not answered:
        return
    yield f"<h2>Size of the claims, of {CLAIMS_BYTES_MAX} bytes</h2>"
    yield '<div class="chart">'
    for call in answered:
        size = call.verdict.claims_bytes
        share = min(100.0, 100 * size / CLAIMS_BYTES_MAX)
        over = " over" if size > CLAIMS_BYTES_MAX else ""
        yield (
            f'<div class="row"><span class="name">{_text(call.purpose)}</span>'
            f'<span class="track"><i class="size{over}" style="width:{share:.2f}%"></i></span>'
            f'<span class="number">{size}</span></div>'
        )
    yield "</div>"


def _text(text: str) -> str:
    return escape(escaped(text))
