"""What commands show: the exchange, the verdict, the claims. Plain without a terminal."""

import json
import os
import re
from collections.abc import Iterator
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.highlighter import JSONHighlighter
from rich.text import Text

from claimsctl.entra.finding import Answer, Verdict
from claimsctl.entra.judge import CLAIMS_BYTES_MAX

_BAR_CELLS = 24
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters and lone surrogates."""


def out() -> Console:
    """Standard output: the report."""
    return _console(stderr=False)


def err() -> Console:
    """Standard error: progress, summaries, errors."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    # rich's own reading of NO_COLOR leaves bold and dim on
    plain = False if os.environ.get("NO_COLOR") else None
    return Console(stderr=stderr, highlight=False, soft_wrap=True, force_terminal=plain)


def escaped(text: str) -> str:
    """`text` on one line, unable to steer a terminal, whoever has sent it."""
    return _UNSHOWABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def answer_view(answer: Answer) -> RenderableType:
    """Status, content type and body of an answer."""
    colour = "green" if answer.status == 200 else "red"  # noqa: PLR2004  # what Entra takes
    head = Text(f"{answer.status}", style=f"bold {colour}")
    content_type = answer.header("content-type") or "no content type"
    head.append(f"  {escaped(content_type)}", style="dim")
    if answer.elapsed_ms is not None:
        head.append(f"  {answer.elapsed_ms:.0f} ms", style="dim")
    return Group(head, json_view(answer.body))


def json_view(body: bytes) -> Text:
    """A body as indented JSON, or as it is when it is none."""
    try:
        shown = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return Text(repr(body))
    text = Text("\n".join(map(escaped, shown.split("\n"))))
    JSONHighlighter().highlight(text)
    return text


def verdict_view(verdict: Verdict) -> RenderableType:
    """Accepted or not, and why; with the claims that would arrive and their share of the 3 KB."""
    failure = verdict.first_failure
    if failure is not None:
        lines = [Text(f"Entra would refuse this answer: {failure.entra_code}", style="bold red")]
        for finding in verdict.findings:
            evidence = escaped(finding.evidence)
            lines.append(Text(f"  {finding.id}  {finding.title} ({evidence})"))
            lines.append(Text(f"          {finding.hint}", style="dim"))
        return Group(*lines)
    head = Text("Entra would accept this answer", style="bold green")
    if not verdict.claims:
        return Group(head, Text("no claims for this user", style="dim"))
    return Group(head, *_claim_lines(verdict.claims), _size_bar(verdict.claims_bytes))


def _claim_lines(claims: dict[str, Any]) -> Iterator[Text]:
    shown = [(escaped(name), value) for name, value in sorted(claims.items())]
    width = max(len(name) for name, _ in shown)
    for name, value in shown:
        line = Text(f"  {name:{width}}  ", style="cyan")
        yield line.append(escaped(json.dumps(value, ensure_ascii=False)), style="default")


def _size_bar(size: int) -> Text:
    filled = max(1, round(_BAR_CELLS * size / CLAIMS_BYTES_MAX))
    bar = Text("  " + "█" * filled, style="green")
    bar.append("░" * (_BAR_CELLS - filled), style="dim")
    bar.append(f"  {size} of {CLAIMS_BYTES_MAX} bytes", style="dim")
    return bar
