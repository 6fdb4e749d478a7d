"""Reports and calls for tests."""

from claimsctl.doctor.calls import Call, CallId
from claimsctl.doctor.runner import Report, finding
from claimsctl.judge.attempt import Answer, Attempt, Cause, NoAnswer, Phase
from claimsctl.judge.finding import Finding, Level, NoResult
from claimsctl.judge.judge import judge_attempt

from tests.endpoints import GOOD

URL = "https://claims.contoso.example/callout"
HOSTILE = (
    '<script>alert(1)</script> "\x1b[31m\x00 | [x](javascript:1) `\ud800 @octocat #1 \\| '
    "https://evil.example \u202e\u2066\u2028"
)
"""What an endpoint may send: markup of every report's own language, and what none can hold."""


def answered(
    purpose: str,
    body: bytes = GOOD,
    elapsed_ms: float = 50.0,
    id_: CallId = CallId.MEMBER,
) -> Call:
    """A call, by default one of the contract, that was answered with `body` in `elapsed_ms`."""
    answer = Answer(200, (("content-type", "application/json"),), body, elapsed_ms)
    timings = {Phase.DNS: elapsed_ms * 0.1, Phase.FIRST_BYTE: elapsed_ms * 0.9}
    attempt = Attempt(timings, elapsed_ms, answer)
    return Call(id_, purpose, b"{}", {}, attempt, judge_attempt(attempt))


def unanswered(purpose: str, id_: CallId = CallId.MEMBER, elapsed_ms: float = 1000.0) -> Call:
    """A call, by default one of the contract, that was not answered."""
    no_answer = NoAnswer(Cause.TIMEOUT, Phase.FIRST_BYTE, "no answer in time")
    attempt = Attempt({Phase.FIRST_BYTE: elapsed_ms}, elapsed_ms, no_answer=no_answer)
    return Call(id_, purpose, b"{}", {}, attempt, judge_attempt(attempt))


def report(*findings: Finding, calls: tuple[Call, ...] = (), url: str = URL) -> Report:
    """A report with these findings and calls."""
    return Report(url, findings, calls)


FINE = finding("URL001", Level.OK, "https")
WARNED = finding("HYG002", Level.WARN, "server: x/1.0", hint="Switch it off.", expected="none")
FAILED = finding(
    "CON001", Level.FAIL, "a member: status 500", hint="Look there.", entra_code=1003002
)
SKIPPED = finding(
    "ROB001", Level.SKIP, "needs CON001, which failed", no_result=NoResult.PREREQUISITE
)
PROTECTED = finding(
    "AUT005",
    Level.SKIP,
    "protected: refused with 401",
    hint="Let one in.",
    no_result=NoResult.PROTECTED,
)
