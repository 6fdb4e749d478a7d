"""NET…: no answer at all. What Entra would show for a call that led nowhere."""

from typing import Final, NamedTuple

from claimsctl.judge.attempt import Attempt, Cause, NoAnswer
from claimsctl.judge.finding import Basis, Finding, Verdict
from claimsctl.judge.judge import judge
from claimsctl.judge.problem import ERROR_CODES, failure


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
"""That a late answer is this code is documented; which code a failed connection has we read so."""


def judge_attempt(attempt: Attempt, wait_ms: int | None = None) -> Verdict:
    """The verdict on an attempt at a callout: on its answer, or on there being none."""
    if attempt.answer is not None:
        return judge(attempt.answer, wait_ms)
    assert attempt.no_answer is not None, "an attempt ends in one of the two"  # noqa: S101
    return Verdict((_finding(attempt.no_answer),), {}, 0)


def _finding(no_answer: NoAnswer) -> Finding:
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
