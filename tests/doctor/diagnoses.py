"""Diagnoses to report, made by hand."""

from claimsctl.doctor.runner import Diagnosis, finding
from claimsctl.doctor.target import Exchanged
from claimsctl.judge.attempt import Answer, Attempt, Cause, NoAnswer, Phase
from claimsctl.judge.finding import Finding, Level
from claimsctl.judge.judge import judge_attempt

from tests.endpoints import GOOD

URL = "https://claims.contoso.example/callout"
HOSTILE = '<script>alert(1)</script> "\x1b[31m\x00 | [x](javascript:1) `\ud800'
"""What an endpoint may send: markup of every report's own language, and what none can hold."""


def exchanged(purpose: str, body: bytes = GOOD, elapsed_ms: float = 50.0) -> Exchanged:
    """An exchange that was answered with `body` in `elapsed_ms`."""
    answer = Answer(200, (("content-type", "application/json"),), body, elapsed_ms)
    timings = {Phase.DNS: elapsed_ms * 0.1, Phase.FIRST_BYTE: elapsed_ms * 0.9}
    attempt = Attempt(timings, elapsed_ms, answer)
    return Exchanged(purpose, b"{}", {}, attempt, judge_attempt(attempt))


def unanswered(purpose: str, elapsed_ms: float = 1000.0) -> Exchanged:
    """An exchange that nobody answered."""
    no_answer = NoAnswer(Cause.TIMEOUT, Phase.FIRST_BYTE, "no answer in time")
    attempt = Attempt({Phase.FIRST_BYTE: elapsed_ms}, elapsed_ms, no_answer=no_answer)
    return Exchanged(purpose, b"{}", {}, attempt, judge_attempt(attempt))


def diagnosis(
    *findings: Finding, exchanges: tuple[Exchanged, ...] = (), url: str = URL
) -> Diagnosis:
    """What was found."""
    return Diagnosis(url, findings, exchanges)


FINE = finding("URL001", Level.OK, "https")
WARNED = finding("HYG002", Level.WARN, "server: x/1.0", hint="Switch it off.", expected="none")
FAILED = finding(
    "CON001", Level.FAIL, "a member: status 500", hint="Look there.", entra_code=1003002
)
SKIPPED = finding("ROB001", Level.SKIP, "needs CON001, which failed")
PROTECTED = finding("AUT005", Level.SKIP, "protected: refused with 401", hint="Let one in.")
