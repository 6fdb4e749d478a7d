"""Join Entra's record of a callout with the endpoint's log and the recordings of tap."""

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
    "Entra called, but the log has no line for it: something in front of the function answered,"
    " such as the gateway's authorizer, or the log is from another time or stack"
)


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources to join sign-ins with; `None` for a source that was not given."""

    log: Lines | None = None
    recordings: Recordings | None = None
    gateway: GatewayAnswers | None = None

    def lines(self, row: Row) -> list[LogLine]:
        """Return the log lines of a sign-in; a retry has a second line."""
        return (self.log or {}).get(row.sign_in.correlation_id, [])

    def recorded(self, row: Row) -> list[Recording]:
        """Return the recordings of a sign-in."""
        return (self.recordings or {}).get(row.sign_in.correlation_id, [])

    def gateway_answers(self, row: Row) -> list[GatewayAnswer] | None:
        """Return the gateway's answers near a callout; `None` if they were not searched for."""
        return (self.gateway or {}).get(row.sign_in.correlation_id)

    def document(self, row: Row) -> dict[str, Any]:
        """Return what the sources contain as a JSON object, without sources that were not given."""
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
        """Yield one sentence for each fact that the sources add to the verdict."""
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
        yield _UNLOGGED if gateway is None else "the function's log has no line for it"
    yield from _gateway_conclusions(gateway)
    if not lines:
        return
    for line in lines:
        taken = "" if line.answer_ms is None else f" after {line.answer_ms:.0f} ms"
        reason = f" ({line.reason})" if line.reason else ""
        status = "" if line.status is None else f", status {line.status}"
        yield f"log {line.at}: {line.outcome}{reason}{status}{taken}"
    if stage is Stage.NEVER_CALLED:
        yield "the log has lines for this sign-in anyway: they belong to another callout"
    elif len(lines) < attempts:
        yield f"{attempts - len(lines)} of {attempts} attempts have no line in the log"
    answered = lines[-1].outcome == _ANSWERED
    if answered and stage is Stage.NO_ANSWER:
        yield "the function answered: a cold start, the gateway or the network took the time"
    elif answered and stage is Stage.REFUSED_BY_ENTRA:
        yield "the function answered: record what Entra receives with claimsctl tap, and judge it"
    elif answered and stage is Stage.REFUSED_BY_ENDPOINT:
        yield "the function answered: something between it and Entra changed the status"


def _gateway_conclusions(answers: Sequence[GatewayAnswer] | None) -> Iterator[str]:
    """Yield what the access log adds, if the function's log lacks a line for an attempt."""
    if answers is None:
        return
    near = f"within {NEAR.seconds} s"
    for answer in answers[:_GATEWAY_SHOWN_MAX]:
        error = f" ({answer.error})" if answer.error else ""
        found = f"the gateway answered {answer.status} without the function{error}"
        yield f"access log {answer.at}: {found}"
    if answers:
        given = "1 such answer" if len(answers) == 1 else f"{len(answers)} such answers"
        yield (
            f"joined by time only: the gateway gave {given} {near}; its log has"
            " no correlation id, so they may belong to other callers"
        )
    else:
        yield (
            f"the access log has no such answer {near}: Entra called another endpoint or stack, or"
            " the clocks differ"
        )


def _recording_conclusions(row: Row, stage: Stage, found: Sequence[Recording]) -> Iterator[str]:
    if not found and stage is not Stage.NEVER_CALLED:
        yield "tap did not record it: Entra's call did not pass through tap"
    for recording in found:
        if recording.accepted is None:
            yield f"tap {recording.file}: not judged"
        elif recording.accepted:
            yield f"tap {recording.file}: the judge found no problem in the answer"
        else:
            where = f" at {recording.where}" if recording.where else ""
            yield f"tap {recording.file}: {recording.finding}{where}: {recording.title}"
            if recording.do:
                yield f"do: {recording.do}"
            if row.callout.code not in (None, recording.entra_code):
                yield f"for this answer, the judge expects code {recording.entra_code}"
