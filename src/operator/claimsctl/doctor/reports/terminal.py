"""A diagnosis at a terminal: the cause first, then every finding, the bad ones in full."""

from rich.console import Group, RenderableType
from rich.text import Text

from claimsctl.doctor.examination import Diagnosis
from claimsctl.doctor.summary import advice, counts, headline
from claimsctl.entra.finding import Finding, Level
from claimsctl.report import escaped

_STYLES = {Level.OK: "green", Level.SKIP: "dim", Level.WARN: "yellow", Level.FAIL: "red"}
_FULL = {Level.WARN, Level.FAIL}


def view(diagnosis: Diagnosis) -> RenderableType:
    """The report."""
    style = f"bold {_STYLES[diagnosis.worst()]}"
    lines = [Text(escaped(headline(diagnosis)), style=style)]
    if next_step := advice(diagnosis):
        lines.append(Text(f"→ {escaped(next_step)}"))
    lines.append(Text(""))
    for finding in diagnosis.findings:
        lines += _lines(finding)
    calls = len(diagnosis.exchanges)
    lines += [Text(""), Text(f"{counts(diagnosis)}; {calls} calls made", style="dim")]
    return Group(*lines)


def _lines(finding: Finding) -> list[Text]:
    line = Text(f"{finding.level.value:4}  ", style=_STYLES[finding.level])
    line.append(f"{finding.id:8} {finding.title}", style="default")
    line.append(f"  {escaped(finding.evidence)}", style="dim")
    lines = [line]
    if finding.level in _FULL:
        for name, value in (("expected", finding.expected), ("do", finding.hint)):
            if value:
                lines.append(Text(f"      {name:9}{escaped(value)}"))
    return lines
