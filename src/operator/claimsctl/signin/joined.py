"""Entra's record of a callout with what the endpoint logged and what tap recorded of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from claimsctl.signin.access_log import NEAR, GatewayAnswer, GatewayAnswers
from claimsctl.signin.provider_log import Lines, LogLine
from claimsctl.signin.recordings import Recording, Recordings
from claimsctl.signin.summary import Row
from claimsctl.signin.verdicts import Stage, stage_of

_GATEWAY_SHOWN_MAX: Final = 3
_ANSWERED: Final = "answered"
_UNLOGGED: Final = (
    "the log has no line for it, although Entra called: what is before the function answered, such"
    " as the gateway's authorizer, or the log is of another time or stack"
)


@dataclass(frozen=True, slots=True)
class Sources:
    """What sign-ins are joined with; `None` for a source that was not asked."""

    log: Lines | None = None
    recordings: Recordings | None = None
    gateway: GatewayAnswers | None = None

    def lines(self, row: Row) -> list[LogLine]:
        """The log's lines of a sign-in: a retry is two of them."""
        return (self.log or {}).get(row.sign_in.correlation_id, [])

    def recorded(self, row: Row) -> list[Recording]:
        """The recordings of a sign-in."""
        return (self.recordings or {}).get(row.sign_in.correlation_id, [])

    def gateway_answers(self, row: Row) -> list[GatewayAnswer] | None:
        """What the gateway answered near a callout; `None` where it was not asked about that."""
        return (self.gateway or {}).get(row.sign_in.correlation_id)

    def document(self, row: Row) -> dict[str, Any]:
        """Both for machines; empty for sources that were not asked."""
        document: dict[str, Any] = {}
        if self.log is not None:
            document["log"] = [line.document() for line in self.lines(row)]
        if self.gateway is not None:
            answers = self.gateway_answers(row) or []
            document["gateway"] = [answer.document() for answer in answers]
        if self.recordings is not None:
            document["recordings"] = [found.document() for found in self.recorded(row)]
        if document:
            document["conclusions"] = list(self.conclusions(row))
        return document

    def conclusions(self, row: Row) -> Iterator[str]:
        """What the sources add to the verdict, one sentence each."""
        stage = stage_of(row.sign_in, row.callout)
        if self.log is not None:
            yield from _log_conclusions(row, stage, self.lines(row), self.gateway_answers(row))
        if self.recordings is not None:
            yield from _recording_conclusions(row, stage, self.recorded(row))


def _log_conclusions(
    row: Row, stage: Stage, lines: Sequence[LogLine], gateway: Sequence[GatewayAnswer] | None
) -> Iterator[str]:
    attempts = row.callout.attempts or 0
    if not lines and stage is not Stage.NEVER_CALLED:
        yield _UNLOGGED if gateway is None else "the function's log has no line of it"
    yield from _gateway_conclusions(gateway)
    if not lines:
        return
    for line in lines:
        taken = "" if line.answer_ms is None else f" after {line.answer_ms:.0f} ms"
        reason = f" ({line.reason})" if line.reason else ""
        status = "" if line.status is None else f", status {line.status}"
        yield f"log {line.at}: {line.outcome}{reason}{status}{taken}"
    if stage is Stage.NEVER_CALLED:
        yield "the log has lines of this sign-in all the same: they are another callout's"
    elif len(lines) < attempts:
        yield f"{attempts - len(lines)} of {attempts} attempts left no line in the log"
    answered = lines[-1].outcome == _ANSWERED
    if answered and stage is Stage.NO_ANSWER:
        yield "the function answered: the time went on a cold start, the gateway or the network"
    elif answered and stage is Stage.REFUSED_BY_ENTRA:
        yield "the function answered: record what arrives with claimsctl tap, and judge that"
    elif answered and stage is Stage.REFUSED_BY_ENDPOINT:
        yield "the function answered: something between it and Entra changed the status"


def _gateway_conclusions(answers: Sequence[GatewayAnswer] | None) -> Iterator[str]:
    """What the access log adds to a callout of which an attempt has no line in the function's."""
    if answers is None:
        return
    near = f"within {NEAR.seconds} s"
    for answer in answers[:_GATEWAY_SHOWN_MAX]:
        error = f" ({answer.error})" if answer.error else ""
        yield f"access log {answer.at}: the gateway answered {answer.status} by itself{error}"
    if answers:
        yield (
            f"joined by time only: {len(answers)} of the gateway's own answers {near}; its log has"
            " no correlation id, so they may be other callers'"
        )
    else:
        yield (
            f"the access log has no answer of the gateway's own {near}: Entra called another"
            " endpoint or stack, or the clocks differ"
        )


def _recording_conclusions(row: Row, stage: Stage, found: Sequence[Recording]) -> Iterator[str]:
    if not found and stage is not Stage.NEVER_CALLED:
        yield "tap recorded nothing of it: Entra's call took another way"
    for recording in found:
        if recording.accepted is None:
            yield f"tap {recording.file}: not judged"
        elif recording.accepted:
            yield f"tap {recording.file}: the judge finds nothing wrong in the answer"
        else:
            where = f" at {recording.where}" if recording.where else ""
            yield f"tap {recording.file}: {recording.finding}{where}: {recording.title}"
            if recording.do:
                yield f"do: {recording.do}"
            if row.callout.code not in (None, recording.entra_code):
                yield f"by the judge that would be {recording.entra_code}"
