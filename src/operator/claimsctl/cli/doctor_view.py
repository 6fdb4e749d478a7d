"""A report at a terminal: the cause first, then every finding, the bad ones in full."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from claimsctl.doctor.runner import Report
from claimsctl.doctor.summary import advice, counts, headline
from claimsctl.judge.finding import Finding, Level
from claimsctl.text import escaped

_STYLES = {Level.OK: "green", Level.SKIP: "dim", Level.WARN: "yellow", Level.FAIL: "red"}
_FULL = {Level.WARN, Level.FAIL}


def view(report: Report) -> RenderableType:
    """The report."""
    style = f"bold {_STYLES[report.worst()]}"
    lines = [Text(escaped(headline(report)), style=style)]
    if next_step := advice(report):
        lines.append(Text(f"→ {escaped(next_step)}"))
    lines.append(Text(""))
    lines += _all_lines(report.findings)
    calls = len(report.calls)
    lines += [Text(""), Text(f"{counts(report)}; {calls} calls made", style="dim")]
    return Group(*lines)


def _all_lines(findings: Sequence[Finding]) -> Iterator[Text]:
    """Skips for one reason are one line; the same hint is shown once."""
    shown: set[str] = set()
    for reason, group in groupby(findings, _reason):
        alike = list(group)
        if reason is not None and len(alike) > 1:
            line = _line(alike[0].level, f"{alike[0].id} to {alike[-1].id}")
            yield line.append(f"  {escaped(alike[0].evidence)}", style="dim")
            continue
        for finding in alike:
            yield from _lines(finding, in_full=finding.level in _FULL and finding.hint not in shown)
            shown.add(finding.hint)


def _reason(finding: Finding) -> str | None:
    return finding.evidence if finding.level is Level.SKIP else None


def _line(level: Level, text: str) -> Text:
    return Text(f"{level.value:4}  ", style=_STYLES[level]).append(text, style="default")


def _lines(finding: Finding, *, in_full: bool) -> Iterator[Text]:
    line = _line(finding.level, f"{finding.id:8} {escaped(finding.title)}")
    yield line.append(f"  {escaped(finding.evidence)}", style="dim")
    if in_full:
        for name, value in (("expected", finding.expected), ("do", finding.hint)):
            if value:
                yield Text(f"      {name:9}{escaped(value)}")
