"""Recorded exchanges, masked and judged for display, kept in memory and saved as files."""

import json
import threading
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from claimsctl import private_files
from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Answer, Attempt, Cause, NoAnswer
from claimsctl.judge.exchange import Exchange, Request, Response, Timings, unanswered_document
from claimsctl.judge.finding import Finding, Verdict
from claimsctl.judge.judge import judge_attempt, judge_no_answer
from claimsctl.tap.recording import BODY_BYTES_MAX, LEAST_WAIT_MS, RecordedExchange
from claimsctl.tap.redaction import mask_exchange, read_callout
from claimsctl.tap.upstream import Upstream

_EVENT: Final = "tokenissuancestart"
_NOT_SHOWN: Final = "(not shown: it may contain a claim's value; --unmask shows it)"

KEPT_MAX: Final = 200
"""The number of exchanges in memory."""

_FOLDER_MODE: Final = 0o700
"""Readable by the operator only: an unmasked file contains a token and claims."""


class ExchangeOutcome(StrEnum):
    """How an exchange ended, or that it is still waiting."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_JUDGED = "not-judged"


@dataclass(frozen=True, slots=True)
class ShownExchange:
    """One exchange in displayable form."""

    exchange: RecordedExchange
    """Masked, if `masked`."""
    masked: bool
    outcome: ExchangeOutcome
    verdict: Verdict | None
    """The verdict on the displayed `exchange`; it contains no other data."""
    reason: str
    """Why the exchange is not judged, or a remark on the verdict."""
    user_id: str
    correlation_id: str

    @property
    def at(self) -> datetime:
        """Return when the exchange began."""
        return datetime.fromtimestamp(self.exchange.began_at, UTC)

    @property
    def failure(self) -> Finding | None:
        """Return why Entra would reject the answer."""
        return None if self.verdict is None else self.verdict.first_failure


def mask_and_judge(recorded: RecordedExchange, wait_ms: int, *, unmask: bool) -> ShownExchange:
    """Return `recorded` in displayable form, judged for a caller that waits `wait_ms`."""
    callout = read_callout(recorded)
    exchange = recorded if unmask else mask_exchange(recorded)
    reason = _why_not_judged(recorded, callout)
    verdict = None
    if not reason and recorded.over:
        if unmask:
            verdict = _verdict(recorded, wait_ms)
        else:
            verdict = masked_verdict(recorded, exchange, wait_ms)
    context = _context(callout)
    user = context.get("user")
    return ShownExchange(
        exchange=exchange,
        masked=not unmask,
        outcome=_outcome(recorded, verdict),
        verdict=verdict,
        reason=reason or _remark(recorded),
        user_id=_id(user.get("id") if isinstance(user, dict) else None),
        correlation_id=_id(context.get("correlationId")),
    )


def _outcome(exchange: RecordedExchange, verdict: Verdict | None) -> ExchangeOutcome:
    if verdict is not None:
        return ExchangeOutcome.ACCEPTED if verdict.accepted else ExchangeOutcome.REJECTED
    return ExchangeOutcome.NOT_JUDGED if exchange.over else ExchangeOutcome.WAITING


def is_token_issuance(callout: Any) -> bool:
    """Return whether a JSON document is a Token Issuance Start callout, ignoring case."""
    type_ = callout.get("type") if isinstance(callout, dict) else None
    return isinstance(type_, str) and type_.casefold().endswith(_EVENT)


def _why_not_judged(exchange: RecordedExchange, callout: Any) -> str:
    """Return why there is no verdict; empty if there is one."""
    reason = ""
    if exchange.refused:
        reason = f"refused, not forwarded: {exchange.refused}"
    elif not exchange.method:
        reason = "the request is not HTTP/1; it was forwarded unread"
    elif exchange.method != "POST":
        reason = "not a callout: the method is not POST"
    elif not exchange.request.whole:
        reason = f"not a callout: the request is larger than {BODY_BYTES_MAX} bytes"
    elif not exchange.arrived and exchange.no_answer is not None:
        pass  # possibly a partial callout, without an answer
    elif not is_token_issuance(callout):
        reason = "not a Token Issuance Start callout: its type is missing or different"
    elif not exchange.answer.whole:
        reason = f"the answer is larger than {BODY_BYTES_MAX} bytes; forwarded whole, not judged"
    return reason


def _remark(exchange: RecordedExchange) -> str:
    gave_up = exchange.given_up_ms
    if gave_up is None:
        return ""
    left = f"the caller disconnected after {gave_up:.0f} ms"
    if exchange.left_early:
        left += f", before Entra's shortest timeout ({LEAST_WAIT_MS} ms): not caused by the service"
    return left


def _verdict(exchange: RecordedExchange, wait_ms: int) -> Verdict:
    if exchange.left_early:
        return _verdict_on_caller(exchange)
    if exchange.given_up_ms is not None:
        wait_ms = min(wait_ms, int(exchange.given_up_ms))
    answer = None
    if exchange.no_answer is None and exchange.status is not None:
        answer = Answer(
            exchange.status,
            exchange.answer.headers,
            bytes(exchange.answer.body),
            exchange.total_ms,
        )
    return judge_attempt(
        Attempt(exchange.timings(), exchange.total_ms, answer, exchange.no_answer), wait_ms
    )


def _verdict_on_caller(exchange: RecordedExchange) -> Verdict:
    """Return 1003005, as for any answer that the caller does not get; it says nothing more."""
    finding = judge_no_answer(
        NoAnswer(
            Cause.TIMEOUT,
            exchange.phase,
            f"the caller closed the connection after {exchange.given_up_ms:.0f} ms",
        )
    )
    about_caller = replace(
        finding,
        title="The caller disconnected before the answer",
        expected=f"a caller that waits {LEAST_WAIT_MS} ms or longer, as Entra does",
        hint="Check why the caller or the tunnel disconnected: the service had no time to answer.",
    )
    return Verdict((about_caller,), {}, 0)


def masked_verdict(recorded: RecordedExchange, masked: RecordedExchange, wait_ms: int) -> Verdict:
    """Return the verdict on `recorded`, with the evidence and claims of `masked`."""
    return _as_shown(_verdict(recorded, wait_ms), _verdict(masked, wait_ms))


def _as_shown(verdict: Verdict, of_masked: Verdict) -> Verdict:
    """Return `verdict` with the masked answer's evidence if the two agree; otherwise without."""
    if _shape(verdict) == _shape(of_masked):
        return of_masked
    hidden = tuple(
        replace(finding, evidence=_NOT_SHOWN, hint=finding.hint if finding.place is None else "")
        for finding in verdict.findings
    )
    return replace(verdict, findings=hidden, claims=of_masked.claims)


def _shape(verdict: Verdict) -> tuple[Any, ...]:
    findings = [(f.id, f.level, f.entra_code, f.place) for f in verdict.findings]
    return findings, sorted(verdict.claims), verdict.claims_bytes


def _context(callout: Any) -> dict[str, Any]:
    match callout:
        case {"data": {"authenticationContext": dict() as context}}:
            return context
    return {}


def _id(value: Any) -> str:
    return value[:64] if isinstance(value, str) else ""


class History:
    """The last exchanges, by number; a later state of an exchange replaces an earlier one."""

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        self._kept_max = kept_max
        self._lock = threading.Lock()
        self._kept: dict[int, tuple[int, ShownExchange]] = {}
        self._version = 0
        self._counts: Counter[ExchangeOutcome] = Counter()
        self.dropped = 0
        """The number of exchanges that arrived too fast to be recorded."""

    def add(self, shown: ShownExchange) -> None:
        """Keep `shown`, and remove the oldest exchange if there are too many."""
        number = shown.exchange.number
        with self._lock:
            self._version += 1
            earlier = self._kept.get(number)
            if earlier is not None:
                self._counts[earlier[1].outcome] -= 1
            self._counts[shown.outcome] += 1
            self._kept[number] = (self._version, shown)
            while len(self._kept) > self._kept_max:
                del self._kept[min(self._kept)]

    def since(self, version: int) -> tuple[int, list[ShownExchange]]:
        """Return the current version, and the changes since `version`, ordered by number."""
        with self._lock:
            new = [shown for at, shown in self._kept.values() if at > version]
            return self._version, new

    def find(self, number: int) -> ShownExchange | None:
        """Return the exchange with that number, if it is still kept."""
        with self._lock:
            found = self._kept.get(number)
        return None if found is None else found[1]

    def counts(self) -> dict[ExchangeOutcome, int]:
        """Return the number of exchanges for each outcome, including removed ones."""
        with self._lock:
            return {outcome: self._counts[outcome] for outcome in ExchangeOutcome}


def exchange_document(shown: ShownExchange, upstream: Upstream) -> dict[str, Any]:
    """Return an exchange in the format of `claimsctl.judge.exchange`, with the verdict."""
    recorded = shown.exchange
    request = Request(
        method=recorded.method,
        url=upstream.origin + recorded.target,
        headers=recorded.request.headers,
        content=bytes(recorded.request.body),
    )
    timings = Timings.of(recorded.timings(), recorded.total_ms, digits=3)
    about = {
        "masked": shown.masked,
        "began_at": shown.at.isoformat(timespec="milliseconds"),
        "correlation_id": shown.correlation_id,
        "verdict": None if shown.verdict is None else shown.verdict.document(),
        "remark": shown.reason,
    }
    if recorded.status is not None and recorded.no_answer is None:
        response = Response(
            status=recorded.status,
            headers=recorded.answer.headers,
            content=bytes(recorded.answer.body),
        )
        exchange = Exchange(request=request, response=response, timings=timings)
        return exchange.document() | about
    return unanswered_document(request, recorded.no_answer, timings) | about


def encode(document: dict[str, Any]) -> bytes:
    """Return the file's bytes, in ASCII so that no transfer changes them."""
    return json.dumps(document, indent=2).encode("ascii") + b"\n"


class ExchangeFolder:
    """A folder with a file for every exchange."""

    def __init__(self, path: Path, upstream: Upstream) -> None:
        """Create the folder. Raises `OperatorError` if it cannot be created."""
        self._path, self._upstream = path, upstream
        try:
            path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as error:
            message = f"--save {path}: {error.strerror}; give a writable folder"
            raise OperatorError(message) from None

    def save(self, shown: ShownExchange) -> None:
        """Write the exchange, and its callout in a separate file. Raises `OSError`."""
        stem = f"{shown.at:%Y%m%dT%H%M%SZ}-{shown.exchange.number:04}"
        document = exchange_document(shown, self._upstream)
        self._write(f"{stem}.exchange.json", encode(document))
        if shown.exchange.request.body:
            self._write(f"{stem}.callout.json", bytes(shown.exchange.request.body))

    def _write(self, name: str, content: bytes) -> None:
        path = self._path / name
        try:
            private_files.replace(path, content)
        except OSError as error:
            raise OSError(error.errno, f"{path}: {error.strerror}") from None
