"""What commands show: the exchange, the verdict, the claims. Plain without a terminal."""

import json
from collections.abc import Iterator
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.json import JSON
from rich.text import Text

from claimsctl.entra.finding import Answer, Verdict
from claimsctl.entra.judge import CLAIMS_BYTES_MAX

_BAR_CELLS = 24


def out() -> Console:
    """Standard output: the report."""
    return Console(highlight=False, soft_wrap=True)


def err() -> Console:
    """Standard error: progress, summaries, errors."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def answer_view(answer: Answer) -> RenderableType:
    """Status, content type and body of an answer."""
    colour = "green" if answer.status == 200 else "red"  # noqa: PLR2004  # what Entra takes
    head = Text(f"{answer.status}", style=f"bold {colour}")
    head.append(f"  {answer.header('content-type') or 'no content type'}", style="dim")
    if answer.elapsed_ms is not None:
        head.append(f"  {answer.elapsed_ms:.0f} ms", style="dim")
    return Group(head, json_view(answer.body))


def json_view(body: bytes) -> Text:
    """A body as indented JSON, or as it is when it is none."""
    try:
        return JSON.from_data(json.loads(body), indent=2).text
    except (ValueError, RecursionError):
        return Text(repr(body))


def verdict_view(verdict: Verdict) -> RenderableType:
    """Accepted or not, and why; with the claims that would arrive and their share of the 3 KB."""
    failure = verdict.first_failure
    if failure is not None:
        lines = [Text(f"Entra would refuse this answer: {failure.entra_code}", style="bold red")]
        for finding in verdict.findings:
            lines.append(Text(f"  {finding.id}  {finding.title} ({finding.evidence})"))
            lines.append(Text(f"          {finding.hint}", style="dim"))
        return Group(*lines)
    head = Text("Entra would accept this answer", style="bold green")
    if not verdict.claims:
        return Group(head, Text("no claims for this user", style="dim"))
    return Group(head, *_claim_lines(verdict.claims), _size_bar(verdict.claims_bytes))


def _claim_lines(claims: dict[str, Any]) -> Iterator[Text]:
    width = max(map(len, claims))
    for name, value in sorted(claims.items()):
        line = Text(f"  {name:{width}}  ", style="cyan")
        yield line.append(json.dumps(value, ensure_ascii=False), style="default")


def _size_bar(size: int) -> Text:
    filled = max(1, round(_BAR_CELLS * size / CLAIMS_BYTES_MAX))
    bar = Text("  " + "█" * filled, style="green")
    bar.append("░" * (_BAR_CELLS - filled), style="dim")
    bar.append(f"  {size} of {CLAIMS_BYTES_MAX} bytes", style="dim")
    return bar
