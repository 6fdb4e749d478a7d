"""A sighting → what is shown of it: masked unless asked otherwise, and judged."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from claimsctl.entra.attempt import Attempt
from claimsctl.entra.finding import Answer, Finding, Verdict
from claimsctl.entra.judge.attempt import judge_attempt
from claimsctl.tap.masking import mask_sighting, read_callout
from claimsctl.tap.sighting import BODY_BYTES_MAX, Sighting

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
