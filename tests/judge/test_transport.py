"""Calls without an answer: NET001 to NET007."""

import pytest
from claimsctl.judge.attempt import Attempt, Cause, NoAnswer, Phase
from claimsctl.judge.judge import judge_attempt

WAIT_MS = 1000


@pytest.mark.parametrize(
    ("cause", "id_", "code"),
    [
        (Cause.NAME, "NET001", 1003027),
        (Cause.CONNECT, "NET002", 1003027),
        (Cause.TLS, "NET003", 1003027),
        (Cause.TIMEOUT, "NET004", 1003005),
        (Cause.CLOSED, "NET005", 1003001),
        (Cause.PROTOCOL, "NET006", 1003001),
        (Cause.TOO_LARGE, "NET007", 1003024),
    ],
)
def test_no_answer_is_a_verdict_too(cause: Cause, id_: str, code: int) -> None:
    """Each cause of a missing answer has its finding and code."""
    attempt = Attempt({}, 1.0, no_answer=NoAnswer(cause, Phase.BODY, "the detail"))
    verdict = judge_attempt(attempt, WAIT_MS)
    (finding,) = verdict.findings
    assert (id_, code, False) == (finding.id, finding.entra_code, verdict.accepted)
    assert "the detail" in finding.evidence
