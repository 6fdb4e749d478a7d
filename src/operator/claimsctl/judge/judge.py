"""Would Entra accept this answer? The two entry points: for an answer, and for an attempt at one.

Nothing here is shared with the provider, limits and names included: else both would share a bug.
Rules and codes are from Entra's reference of the custom claims provider and its list of error
codes; where that is silent about a code, the finding's basis says so.
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
        "The host's name leads to no address",
        "Check the target URL's host, and that public DNS knows it.",
        "a name that public DNS resolves",
    ),
    Cause.CONNECT: _Problem(
        "NET002",
        1003027,
        "Nothing accepts the connection",
        "Check the port, the firewall, and that the service listens on a public address.",
        "a TCP connection to the target URL's host and port",
    ),
    Cause.TLS: _Problem(
        "NET003",
        1003027,
        "The TLS handshake fails",
        "Serve a certificate of a public authority for this host, with its intermediates.",
        "TLS 1.2 or later, and a chain that leads to a root of Mozilla's list",
    ),
    Cause.TIMEOUT: _Problem(
        "NET004",
        1003005,
        "No answer came in time",
        "Find what is slow: cold start, store, connection. timeoutInMilliseconds may be 2000.",
        "the whole answer within Entra's wait",
    ),
    Cause.CLOSED: _Problem(
        "NET005",
        1003001,
        "The connection ended before the answer did",
        "The service, or a proxy before it, has crashed or given up: its own log says why.",
        "a whole answer",
    ),
    Cause.PROTOCOL: _Problem(
        "NET006",
        1003001,
        "What came is not HTTP",
        "Something else listens on that port: check the target URL's scheme and port.",
        "an answer by HTTP/1.1",
    ),
    Cause.TOO_LARGE: _Problem(
        "NET007",
        1003024,
        "The answer does not end",
        "Send the claims alone.",
        "some kilobytes",
    ),
}
_DOCUMENTED: Final = {1003005}
"""The code of a late answer is documented; the codes of failed connections are our reading."""


def judge_no_answer(no_answer: NoAnswer) -> Finding:
    """What Entra would show for a call that brought no answer."""
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
    """The verdict on `answer`; never raises, whatever the bytes are.

    Failures come in the order in which Entra would find them: time, status, content type, body,
    envelope, action, claims. With `wait_ms` (the extension's ``timeoutInMilliseconds``) an answer
    that took longer is refused too. An answer that reports an error is not judged further. Of a
    rule that a body could break thousands of times, the first hundred findings are kept.
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
    """The verdict on an attempt at a callout: on its answer, or on why there is none."""
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
