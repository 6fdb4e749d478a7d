"""NET001 to NET007: why there is no answer, and what Entra would show for that."""

from typing import Final, NamedTuple

from claimsctl.judge.attempt import Cause, NoAnswer
from claimsctl.judge.finding import ERROR_CODES, Basis, Finding, failure


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
