"""Views that several commands share: the answer, the verdict, a finding. Plain off a terminal."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.highlighter import JSONHighlighter
from rich.text import Text

from claimsctl.judge.attempt import Answer
from claimsctl.judge.body import BODY_BYTES_MAX, body_text
from claimsctl.judge.claims import CLAIMS_BYTES_MAX
from claimsctl.judge.content import readable_bytes
from claimsctl.judge.finding import BASIS_NOTES, Finding, Level, Place, Verdict
from claimsctl.text import escaped

_BAR_CELLS = 24
_FINDINGS_SHOWN = 20
_BODY_CHARACTERS = 16_384
"""The most that is shown of a body; a valid answer is at most a third of this."""
_COLOURED_CHARACTERS = 256
"""Longer lines are not highlighted: the highlighter takes time quadratic in a line's length."""
_EXCERPT_CHARACTERS = 76
_EXCERPT_BEFORE = 36
_LEVEL_STYLES = {Level.OK: "green", Level.SKIP: "dim", Level.WARN: "yellow", Level.FAIL: "red"}


def answer_view(answer: Answer) -> RenderableType:
    """Show the status, content type and body of an answer."""
    colour = "green" if answer.status == 200 else "red"  # noqa: PLR2004  # what Entra takes
    head = Text(f"{answer.status}", style=f"bold {colour}")
    content_type = answer.header("content-type") or "no content type"
    head.append(f"  {escaped(content_type)}", style="dim")
    if answer.elapsed_ms is not None:
        head.append(f"  {answer.elapsed_ms:.0f} ms", style="dim")
    return Group(head, body_view(answer))


def body_view(answer: Answer) -> Text:
    """Show the beginning of an answer's body, decompressed where it was compressed."""
    return json_view(readable_bytes(answer, BODY_BYTES_MAX + 1), of=len(answer.body))


def json_view(body: bytes, of: int | None = None) -> Text:
    """Show the beginning of a body of `of` bytes as indented JSON, or as text if it is not JSON."""
    size = max(len(body), of or 0)
    try:
        shown = _indented(json.loads(body[: BODY_BYTES_MAX + 1]))
    except (ValueError, RecursionError):
        return _text_view(body, size)
    lines = [Text(escaped(line)) for line in shown[:_BODY_CHARACTERS].split("\n")]
    for line in lines:
        if len(line) <= _COLOURED_CHARACTERS:
            JSONHighlighter().highlight(line)
    if len(shown) > _BODY_CHARACTERS:
        lines.append(Text(f"… (the body has {size} bytes)"))
    return Text("\n").join(lines)


def _text_view(body: bytes, size: int) -> Text:
    """Show the beginning of a body of `size` bytes as text."""
    if not body:
        return Text("(empty body)", style="dim")
    lines = [escaped(line) for line in body_text(body[:_BODY_CHARACTERS]).splitlines()]
    if size > _BODY_CHARACTERS:
        lines.append(f"… (the body has {size} bytes)")
    return Text("\n".join(lines))


def _indented(document: Any) -> str:
    """Return the first part of `document` as indented JSON, which may be very long as a whole."""
    shown, size = [], 0
    for part in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(document):
        shown.append(part)
        size += len(part)
        if size > _BODY_CHARACTERS:
            break
    return "".join(shown)


def verdict_view(verdict: Verdict, body: bytes = b"") -> RenderableType:
    """Show whether Entra accepts the answer and why; then the claims, their size and findings.

    With the judged `body`, each finding shows its place in it.
    """
    failure = verdict.first_failure
    if failure is not None:
        head = Text(f"Entra would refuse this answer: {failure.entra_code}", style="bold red")
        head.append(f", {escaped(failure.title)}")
    else:
        head = Text("Entra would accept this answer", style="bold green")
    lines: list[RenderableType] = [head]
    if verdict.claims:
        lines += [*_claim_lines(verdict.claims), _size_bar(verdict.claims_bytes)]
    elif failure is None:
        lines.append(Text("the answer contains no claims", style="dim"))
    elif verdict.claims_bytes:
        lines.append(_size_bar(verdict.claims_bytes))
    given: dict[str, str] = {}
    for finding in verdict.findings[:_FINDINGS_SHOWN]:
        earlier = given.setdefault(finding.hint, finding.id)
        hint = finding.hint if earlier == finding.id else f"As for {earlier}."
        lines += [Text(""), finding_view(replace(finding, hint=hint), body)]
    if more := len(verdict.findings) - _FINDINGS_SHOWN:
        lines += [Text(f"\nand {more} more findings (see --json)")] if more > 0 else []
    if failure is not None:
        more_about = f"\nFor more information: claimsctl explain {failure.id} {failure.entra_code}"
        lines.append(Text(more_about, style="dim"))
    return Group(*lines)


def finding_view(finding: Finding, body: bytes = b"") -> RenderableType:
    """Show one finding: its place in `body`, what was found and expected, and what to do."""
    head = Text(f"{finding.id}  ", style="bold")
    head.append(finding.level.value, style=_LEVEL_STYLES[finding.level])
    head.append(f"  {escaped(finding.title)}", style="default")
    if finding.entra_code is not None:
        by_reading = BASIS_NOTES.get(finding.basis, "")
        head.append(f"  ({finding.entra_code}{by_reading})", style="dim")
    lines = [head]
    if finding.place is not None:
        place = finding.place
        where = f"line {place.line}, column {place.column}"
        where += f", {escaped(place.pointer)}" if place.pointer else ""
        lines += [_field("at", where), *_excerpt(body_text(body), place)]
    lines.append(_field("found", escaped(finding.evidence)))
    if finding.expected:
        lines.append(_field("expected", escaped(finding.expected)))
    lines.append(_field("do", escaped(finding.hint)))
    return Group(*lines)


def _field(name: str, value: str) -> Text:
    return Text(f"  {name:8}  ", style="dim").append(value, style="default")


def _excerpt(text: str, place: Place) -> Iterator[Text]:
    """Yield the line of `place`, or the part of it around the place, and a caret below it.

    For a place in the white space after the content, the line is the last one with content.
    """
    lines = text.split("\n")
    if not text or place.line > len(lines):
        return
    number = min(place.line, text.rstrip().count("\n") + 1)
    line = lines[number - 1].rstrip("\r")
    at = min(place.column - 1, len(line)) if number == place.line else len(line)
    begin = max(0, at - _EXCERPT_BEFORE) if len(line) > _EXCERPT_CHARACTERS else 0
    end = min(len(line), begin + _EXCERPT_CHARACTERS)
    before = ("…" if begin else "") + escaped(line[begin:at])
    after = escaped(line[at:end]) + ("…" if end < len(line) else "")
    margin = f"  {number:8}  "
    yield Text(margin, style="dim").append(before + after, style="default")
    yield Text(" " * (cell_len(margin) + cell_len(before)) + "^", style="bold red")


def _claim_lines(claims: dict[str, Any]) -> Iterator[Text]:
    shown = [(escaped(name), value) for name, value in sorted(claims.items())]
    width = max(len(name) for name, _ in shown)
    for name, value in shown:
        line = Text(f"  {name:{width}}  ", style="cyan")
        yield line.append(escaped(json.dumps(value, ensure_ascii=False)), style="default")


def _size_bar(size: int) -> Text:
    filled = min(_BAR_CELLS, max(1, round(_BAR_CELLS * size / CLAIMS_BYTES_MAX)))
    bar = Text("  " + "█" * filled, style="green" if size <= CLAIMS_BYTES_MAX else "red")
    bar.append("░" * (_BAR_CELLS - filled), style="dim")
    bar.append(f"  {size} of {CLAIMS_BYTES_MAX} bytes", style="dim")
    return bar
