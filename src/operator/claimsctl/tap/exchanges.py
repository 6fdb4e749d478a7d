"""A sighting → what is shown of it: masked unless asked otherwise, and judged."""

import json
import threading
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Answer, Attempt
from claimsctl.judge.exchange import Exchange, Request, Response, Timings, unanswered_document
from claimsctl.judge.finding import Finding, Verdict
from claimsctl.judge.judge import judge_attempt
from claimsctl.tap.recording import BODY_BYTES_MAX, Sighting
from claimsctl.tap.redaction import mask_sighting, read_callout
from claimsctl.tap.upstream import Service

_EVENT: Final = "tokenissuancestart"
_NOT_SHOWN: Final = "(not shown: it may hold a claim's value; --unmask shows it)"


class Outcome(StrEnum):
    """What has become of an exchange."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_JUDGED = "not-judged"


@dataclass(frozen=True, slots=True)
class Examined:
    """One exchange as it may be shown."""

    sighting: Sighting
    """Masked, if it had to be."""
    masked: bool
    outcome: Outcome
    verdict: Verdict | None
    """Of what is shown, so nothing in it has to be hidden."""
    reason: str
    """Why it is not judged; or what is worth saying beside the verdict."""
    user_id: str
    correlation_id: str

    @property
    def at(self) -> datetime:
        """When it began."""
        return datetime.fromtimestamp(self.sighting.began_at, UTC)

    @property
    def failure(self) -> Finding | None:
        """Why Entra would refuse the answer."""
        return None if self.verdict is None else self.verdict.first_failure


def examine(sighting: Sighting, wait_ms: int, *, unmask: bool) -> Examined:
    """What is shown of `sighting`; judged for a caller that waits `wait_ms`."""
    callout = read_callout(sighting)
    shown = sighting if unmask else mask_sighting(sighting)
    reason = _not_to_judge(sighting, callout)
    verdict = None
    if not reason and sighting.over:
        verdict = _verdict(sighting, wait_ms)
        if not unmask:
            verdict = _as_shown(verdict, _verdict(shown, wait_ms))
    context = _context(callout)
    user = context.get("user")
    return Examined(
        sighting=shown,
        masked=not unmask,
        outcome=_outcome(sighting, verdict),
        verdict=verdict,
        reason=reason or _aside(sighting),
        user_id=_id(user.get("id") if isinstance(user, dict) else None),
        correlation_id=_id(context.get("correlationId")),
    )


def _outcome(sighting: Sighting, verdict: Verdict | None) -> Outcome:
    if verdict is not None:
        return Outcome.ACCEPTED if verdict.accepted else Outcome.REJECTED
    return Outcome.NOT_JUDGED if sighting.over else Outcome.WAITING


def _not_to_judge(sighting: Sighting, callout: Any) -> str:
    """Why there is no verdict; empty when there is one."""
    kind = callout.get("type") if isinstance(callout, dict) else None
    reason = ""
    if not sighting.method:
        reason = "the request is not HTTP/1: passed on unread"
    elif sighting.method != "POST":
        reason = "not a callout: Entra sends POST"
    elif not sighting.request.whole:
        reason = f"the request is over {BODY_BYTES_MAX} bytes: no callout is"
    elif not sighting.arrived and sighting.no_answer is not None:
        pass  # half a callout, for all that is known, and no answer to it
    elif not isinstance(kind, str) or not kind.casefold().endswith(_EVENT):
        reason = "not a token issuance callout: its type is another, or there is none"
    elif not sighting.answer.whole:
        reason = f"the answer is over {BODY_BYTES_MAX} bytes: passed on whole, not judged"
    return reason


def _aside(sighting: Sighting) -> str:
    gave_up = sighting.given_up_ms
    return "" if gave_up is None else f"the caller left after {gave_up:.0f} ms"


def _verdict(sighting: Sighting, wait_ms: int) -> Verdict:
    if sighting.given_up_ms is not None:
        wait_ms = min(wait_ms, int(sighting.given_up_ms))
    answer = None
    if sighting.no_answer is None and sighting.status is not None:
        answer = Answer(
            sighting.status,
            sighting.answer.headers,
            bytes(sighting.answer.body),
            sighting.total_ms,
        )
    return judge_attempt(
        Attempt(sighting.timings(), sighting.total_ms, answer, sighting.no_answer), wait_ms
    )


def _as_shown(verdict: Verdict, of_masked: Verdict) -> Verdict:
    """`verdict` with the evidence of the masked answer's, which says the same; or with none."""
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


KEPT_MAX: Final = 200


class History:
    """Exchanges by their numbers; a later telling of one replaces the earlier."""

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        self._kept_max = kept_max
        self._lock = threading.Lock()
        self._kept: dict[int, tuple[int, Examined]] = {}
        self._version = 0
        self._counts: Counter[Outcome] = Counter()
        self.untold = 0
        """How many exchanges passed too fast to be recorded."""

    def add(self, examined: Examined) -> None:
        """Keep `examined`, and forget the oldest when there are too many."""
        number = examined.sighting.number
        with self._lock:
            self._version += 1
            earlier = self._kept.get(number)
            if earlier is not None:
                self._counts[earlier[1].outcome] -= 1
            self._counts[examined.outcome] += 1
            self._kept[number] = (self._version, examined)
            while len(self._kept) > self._kept_max:
                del self._kept[min(self._kept)]

    def since(self, version: int) -> tuple[int, list[Examined]]:
        """What is new after `version`, in the order of numbers; and the version of now."""
        with self._lock:
            new = [examined for at, examined in self._kept.values() if at > version]
            return self._version, new

    def find(self, number: int) -> Examined | None:
        """The exchange of that number, if it is still kept."""
        with self._lock:
            found = self._kept.get(number)
        return None if found is None else found[1]

    def counts(self) -> dict[Outcome, int]:
        """How many of all exchanges ended how, forgotten ones included."""
        with self._lock:
            return {outcome: self._counts[outcome] for outcome in Outcome}


_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
"""For the operator's eyes: unmasked it holds a token and claims."""


def exchange_document(examined: Examined, service: Service) -> dict[str, Any]:
    """An exchange in the format of `claimsctl.judge.exchange`, with the verdict added."""
    sighting = examined.sighting
    request = Request(
        method=sighting.method,
        url=service.origin + sighting.target,
        headers=sighting.request.headers,
        content=bytes(sighting.request.body),
    )
    timings = Timings.of(sighting.timings(), sighting.total_ms, digits=3)
    about = {
        "masked": examined.masked,
        "began_at": examined.at.isoformat(timespec="milliseconds"),
        "correlation_id": examined.correlation_id,
        "verdict": None if examined.verdict is None else examined.verdict.document(),
        "remark": examined.reason,
    }
    if sighting.status is not None and sighting.no_answer is None:
        response = Response(
            status=sighting.status,
            headers=sighting.answer.headers,
            content=bytes(sighting.answer.body),
        )
        exchange = Exchange(request=request, response=response, timings=timings)
        return exchange.document() | about
    return unanswered_document(request, sighting.no_answer, timings) | about


def encode(document: dict[str, Any]) -> bytes:
    """The file's bytes: ASCII, so that nothing on the way changes them."""
    return json.dumps(document, indent=2).encode("ascii") + b"\n"


class Folder:
    """Where every exchange is kept as a file."""

    def __init__(self, path: Path, service: Service) -> None:
        """Make the folder. Raises `OperatorError` when that cannot be."""
        self._path, self._service = path, service
        try:
            path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as error:
            message = f"--save {path}: {error.strerror}; name a folder that can be written to"
            raise OperatorError(message) from None

    def save(self, examined: Examined) -> None:
        """Write the exchange, and its callout by itself. Raises `OSError`."""
        stem = f"{examined.at:%Y%m%dT%H%M%SZ}-{examined.sighting.number:04}"
        document = exchange_document(examined, self._service)
        self._write(f"{stem}.exchange.json", encode(document))
        if examined.sighting.request.body:
            self._write(f"{stem}.callout.json", bytes(examined.sighting.request.body))

    def _write(self, name: str, content: bytes) -> None:
        path = self._path / name
        path.touch(mode=_FILE_MODE)
        path.write_bytes(content)
