"""The output of ``claimsctl call``: attempts with their timings, token preview, percentiles."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from claimsctl.cli.views import body_view
from claimsctl.entra.client import CalloutResult, CalloutTimes
from claimsctl.judge.attempt import Attempt, Phase
from claimsctl.judge.exchange import Exchange, Request, Response, Timings
from claimsctl.text import escaped

_BAR_CELLS = 40
_PHASES = {
    Phase.DNS: "DNS",
    Phase.CONNECT: "connect",
    Phase.TLS: "TLS",
    Phase.SEND: "send",
    Phase.FIRST_BYTE: "first byte",
    Phase.BODY: "body",
}


def attempt_view(number: int, attempt: Attempt, wait_ms: int) -> RenderableType:
    """Show one attempt: its status, a bar for each phase, and the body that was received."""
    head = Text(f"attempt {number}  ", style="bold")
    if attempt.answer is not None:
        answer = attempt.answer
        colour = "green" if answer.status == 200 else "red"  # noqa: PLR2004  # what Entra takes
        head.append(str(answer.status), style=f"bold {colour}")
        head.append(f"  {escaped(answer.header('content-type') or 'no content type')}")
    else:
        head.append("no answer", style="bold red")
    head.append(f"  {attempt.elapsed_ms:.0f} of {wait_ms} ms", style="dim")
    about = [attempt.address, attempt.tls_version, attempt.http_version]
    head.append("".join(f"  {part}" for part in about if part), style="dim")
    lines: list[RenderableType] = [head, *_waterfall(attempt, wait_ms)]
    if attempt.answer is not None:
        lines.append(body_view(attempt.answer))
    return Group(*lines)


def _waterfall(attempt: Attempt, wait_ms: int) -> Iterator[Text]:
    """Yield a bar for each phase, on a scale whose full width is Entra's time-out."""
    begun = 0.0
    for phase, taken in attempt.timings.items():
        start = min(_BAR_CELLS, round(_BAR_CELLS * begun / wait_ms))
        begun += taken
        end = min(_BAR_CELLS, round(_BAR_CELLS * begun / wait_ms))
        failed = attempt.no_answer is not None and attempt.no_answer.phase is phase
        line = Text(f"  {_PHASES[phase]:10} {taken:8.1f} ms  ", style="dim")
        line.append(" " * start)
        line.append("█" * (end - start) or "▏", style="red" if failed else "cyan")
        yield line


def times_view(times: CalloutTimes, wait_ms: int) -> RenderableType:
    """Show the percentiles of several callouts, and a note if the first looks like a cold start."""
    shares = "  ".join(f"p{share} {times.percentile(share):.0f}" for share in (50, 90, 99))
    count = len(times.milliseconds)
    lines = [
        Text(f"{count} callouts, {times.accepted} accepted", style="bold"),
        Text(f"  {shares}  slowest {max(times.milliseconds):.0f} of {wait_ms} ms"),
    ]
    if times.began_cold:
        first = f"  the first callout took {times.milliseconds[0]:.0f} ms, probably a cold start"
        lines.append(Text(first, style="yellow"))
    return Group(*lines)


def exchange_document(url: str, headers: dict[str, str], sent: bytes, result: CalloutResult) -> Any:
    """Return the result as JSON: an exchange that ``claimsctl judge`` reads, attempts, verdict.

    It does not contain the bearer token.
    """
    shown = {
        name: "Bearer …" if name.lower() == "authorization" else value
        for name, value in headers.items()
    }
    request = Request(url=url, headers=tuple(shown.items()), content=sent)
    document: dict[str, Any] = {
        "request": request.document(),
        "attempts": [_attempt_document(attempt) for attempt in result.attempts],
        "verdict": result.verdict.document(),
    }
    last = result.last
    if last.answer is not None:
        exchange = Exchange(
            response=Response(
                status=last.answer.status,
                headers=last.answer.headers,
                content=last.answer.body,
            ),
            timings=Timings.of(last.timings, last.elapsed_ms, digits=1),
        )
        document |= exchange.document()
    return document


def _attempt_document(attempt: Attempt) -> dict[str, Any]:
    return {
        "elapsed_ms": round(attempt.elapsed_ms, 1),
        "timings_ms": {phase.value: round(ms, 1) for phase, ms in attempt.timings.items()},
        "address": attempt.address,
        "tls_version": attempt.tls_version,
        "status": None if attempt.answer is None else attempt.answer.status,
        "no_answer": attempt.no_answer and attempt.no_answer.document(),
    }
