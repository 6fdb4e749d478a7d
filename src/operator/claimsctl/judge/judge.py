"""Would Entra accept this answer? The entry points for an answer and for an attempt at a callout.

The judge shares nothing with the provider, not even limits and names, so that they cannot share a
bug. The rules and codes come from Entra's custom claims provider reference and its list of error
codes. If these do not specify a code, the finding's basis says so.
"""

from dataclasses import replace
from typing import Final, NamedTuple

from claimsctl.judge.attempt import Answer, Attempt, Cause, NoAnswer
from claimsctl.judge.body import Body, judge_text, read_body
from claimsctl.judge.claims import CLAIMS_BYTES_MAX, bytes_of, judge_claims, taken_claims
from claimsctl.judge.envelope import read_envelope
from claimsctl.judge.finding import ERROR_CODES, Basis, Finding, Level, Verdict, failure
from claimsctl.judge.http import (
    judge_content_type,
    judge_length,
    judge_status,
    judge_time,
    platform_hint,
)
from claimsctl.judge.platforms import MESSAGE_CHARACTERS


class _Problem(NamedTuple):
    id: str
    entra_code: int
    title: str
    hint: str
    expected: str


_PROBLEMS: Final = {
    Cause.NAME: _Problem(
        "NET001",
        1003027,
        "The host's name does not resolve",
        "Check the target URL's host, and that public DNS resolves it.",
        "a name that public DNS resolves",
    ),
    Cause.CONNECT: _Problem(
        "NET002",
        1003027,
        "The connection is refused or times out",
        "Check the port, the firewall, and that the service listens on a public address.",
        "a TCP connection to the target URL's host and port",
    ),
    Cause.TLS: _Problem(
        "NET003",
        1003027,
        "The TLS handshake fails",
        "Serve a certificate of a public authority for this host, with its intermediates.",
        "TLS 1.2 or later, and a chain to a root in Mozilla's list",
    ),
    Cause.TIMEOUT: _Problem(
        "NET004",
        1003005,
        "No answer in time",
        "Find the slow phase (cold start, store, connection), and set timeoutInMilliseconds to"
        " 2000.",
        "the whole answer within Entra's wait",
    ),
    Cause.CLOSED: _Problem(
        "NET005",
        1003001,
        "The connection closed before the answer was complete",
        "Check the logs of the service and of any proxy in front of it for a crash or timeout.",
        "a complete answer",
    ),
    Cause.PROTOCOL: _Problem(
        "NET006",
        1003001,
        "The answer is not HTTP",
        "Check the target URL's scheme and port: another service listens on that port.",
        "an HTTP/1.1 answer",
    ),
    Cause.TOO_LARGE: _Problem(
        "NET007",
        1003024,
        "The answer is too long or never ends",
        "Send the claims only.",
        "a few kilobytes",
    ),
}
_DOCUMENTED: Final = {1003005}
"""The code of a late answer is documented; the codes of failed connections are our reading."""


def judge_no_answer(no_answer: NoAnswer) -> Finding:
    """Return the finding for a call without an answer, with the code that Entra would show."""
    problem = _PROBLEMS[no_answer.cause]
    return failure(
        problem.id,
        problem.entra_code,
        problem.title,
        f"{no_answer.detail} (in the phase {no_answer.phase.value.replace('_', ' ')})",
        problem.hint,
        expected=problem.expected,
        basis=Basis.DOC if problem.entra_code in _DOCUMENTED else Basis.CONVENTION,
        doc=ERROR_CODES,
    )


__all__ = ["CLAIMS_BYTES_MAX", "judge", "judge_attempt"]

_SUCCESS = range(200, 300)
_PAGE_BEGINS_WITHIN: Final = 64


def judge(answer: Answer, wait_ms: int | None = None) -> Verdict:
    """Return the verdict on `answer`. Never raises, for any bytes.

    Failures are in the order in which Entra would find them: time, status, content type, body,
    envelope, action, claims. With `wait_ms` (the extension's ``timeoutInMilliseconds``), an answer
    that took longer is rejected. An answer that reports an error is not judged further. For a rule
    that a body could break thousands of times, only the first hundred findings are kept.
    """
    findings = [*judge_time(answer, wait_ms), *judge_status(answer)]
    if answer.status not in _SUCCESS:
        return Verdict(tuple(findings), {}, 0)
    findings += [*judge_content_type(answer), *judge_length(answer)]
    body, body_findings = read_body(answer.body)
    is_named = any(each.level is Level.FAIL for each in findings)
    findings += body_findings
    verdict = _verdict_on(body, findings) if body else Verdict(_ordered(findings), {}, 0)
    return verdict if verdict.accepted or is_named else _naming_platform(verdict, answer)


def judge_attempt(attempt: Attempt, wait_ms: int | None = None) -> Verdict:
    """Return the verdict on an attempt: on its answer, or on the reason for none."""
    if attempt.answer is not None:
        return judge(attempt.answer, wait_ms)
    assert attempt.no_answer is not None, "an attempt ends in one of the two"  # noqa: S101
    return Verdict((judge_no_answer(attempt.no_answer),), {}, 0)


def _naming_platform(verdict: Verdict, answer: Answer) -> Verdict:
    """`verdict`, whose first failure says who made the body, where it is a platform's."""
    is_page = answer.body[:_PAGE_BEGINS_WITHIN].lstrip().startswith(b"<")
    if not is_page and len(answer.body) > MESSAGE_CHARACTERS:
        return verdict
    first, *others = verdict.findings
    who = platform_hint(answer)
    return replace(verdict, findings=(replace(first, hint=who or first.hint), *others))


def _verdict_on(body: Body, findings: list[Finding]) -> Verdict:
    claims, envelope_findings = read_envelope(body)
    findings += envelope_findings
    if claims is not None:
        findings += judge_claims(body, claims)
    findings += judge_text(body)
    accepted = claims is not None and not any(f.level is Level.FAIL for f in findings)
    return Verdict(
        _ordered(findings),
        taken_claims(claims) if claims is not None and accepted else {},
        0 if claims is None else bytes_of(claims),
    )


def _ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.level is not Level.FAIL))
