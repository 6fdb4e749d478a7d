"""The page's two diagrams: where the time went, and how much of the 3 KB answers take."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from claimsctl.doctor.patient import Exchanged
from claimsctl.entra.attempt import Phase
from claimsctl.entra.judge import CLAIMS_BYTES_MAX
from claimsctl.report import escaped

_PHASES: Final = {
    Phase.DNS: "name",
    Phase.CONNECT: "connect",
    Phase.TLS: "TLS",
    Phase.SEND: "send",
    Phase.FIRST_BYTE: "waiting for the first byte",
    Phase.BODY: "rest of the answer",
}


def waterfall(exchanges: Sequence[Exchanged], wait_ms: int) -> Iterator[str]:
    """A bar a call, a colour a phase, and a line where Entra gives up."""
    if not exchanges:
        return
    slowest = max(made.attempt.elapsed_ms for made in exchanges)
    # A fast endpoint's bars would be lost in the wait: then the line is out of the picture.
    width = max(slowest, 1.0) * 1.05
    shows_limit = wait_ms <= width
    yield "<h2>Where the time went</h2>"
    yield '<div class="chart"><div class="legend">'
    yield from (
        f'<span><i class="{phase.value}"></i>{name}</span>' for phase, name in _PHASES.items()
    )
    if shows_limit:
        yield f'<span><i class="limit"></i>Entra gives up: {wait_ms} ms</span></div>'
    else:
        yield f"<span>Entra gives up at {wait_ms} ms, beyond this picture</span></div>"
    for made in exchanges:
        answer = made.attempt.answer
        status = "no answer" if answer is None else str(answer.status)
        limit = f'<i class="limit" style="left:{100 * wait_ms / width:.2f}%"></i>'
        yield (
            f'<div class="row"><span class="name">{_text(made.purpose)}</span>'
            f'<span class="track">{"".join(_segments(made, width))}{limit if shows_limit else ""}'
            f'</span><span class="number">{made.attempt.elapsed_ms:.0f} ms · {status}</span></div>'
        )
    yield "</div>"


def _segments(made: Exchanged, width: float) -> Iterator[str]:
    begun = 0.0
    for phase, taken in made.attempt.timings.items():
        yield (
            f'<i class="{phase.value}" title="{_PHASES[phase]} {taken:.1f} ms" '
            f'style="left:{100 * begun / width:.2f}%;width:{100 * taken / width:.2f}%"></i>'
        )
        begun += taken


def sizes(exchanges: Sequence[Exchanged]) -> Iterator[str]:
    """A bar an answer with claims of the contract's checks: its bytes of the 3 KB."""
    answered = [
        made
        for made in exchanges
        if made.verdict.claims_bytes and made.purpose.startswith("contract")
    ]
    if not answered:
        return
    yield f"<h2>Bytes of claims, of {CLAIMS_BYTES_MAX}</h2>"
    yield '<div class="chart">'
    for made in answered:
        size = made.verdict.claims_bytes
        share = min(100.0, 100 * size / CLAIMS_BYTES_MAX)
        over = " over" if size > CLAIMS_BYTES_MAX else ""
        yield (
            f'<div class="row"><span class="name">{_text(made.purpose)}</span>'
            f'<span class="track"><i class="size{over}" style="width:{share:.2f}%"></i></span>'
            f'<span class="number">{size}</span></div>'
        )
    yield "</div>"


def _text(text: str) -> str:
    return escape(escaped(text))
