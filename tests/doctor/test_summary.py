"""The first lines of a report give the most important result."""

import pytest
from claimsctl.doctor.runner import advice, counts, finding, headline
from claimsctl.judge.finding import Finding, Level, NoResult

from tests.doctor.reports import FAILED, FINE, PROTECTED, SKIPPED, WARNED, report

TESTED = finding("CON001", Level.OK, "2 claims, 38 bytes")
CRASHED = finding("CON001", Level.WARN, "the check itself failed: x", no_result=NoResult.BROKEN)
ON_THIS_MACHINE = finding("DNS002", Level.WARN, "127.0.0.1", hint="Publish it.")


@pytest.mark.parametrize(
    ("findings", "expected", "next_step"),
    [
        ((FINE, FAILED, SKIPPED), "CON001 A member signs in: a member: status 500 (Entra: 1003002)",
         "Look there."),
        ((FAILED, PROTECTED), "CON001 A member signs in: a member: status 500 (Entra: 1003002)",
         "Look there."),
        ((FINE, WARNED, PROTECTED),
         ("The contract was not tested, because the endpoint is protected: refused with 401; "
         "allow a test caller"), "Let one in."),
        ((TESTED, WARNED), ("Entra would accept the answers; but HYG002 Versions of the server's "
         "software: server: x/1.0"), "Switch it off."),
        ((TESTED, ON_THIS_MACHINE, WARNED),
         "Entra would accept the answers, but cannot call this machine", "Publish it."),
        ((FINE, TESTED), "Entra would accept the answers", ""),
        ((CRASHED, ON_THIS_MACHINE), ("No problems found in the checks that ran; the contract "
         "was not tested; but CON001 A member signs in: the check itself failed: x"), ""),
        ((FINE,), "No problems found in the checks that ran; the contract was not tested", ""),
    ],
    ids=["failed", "failed-and-protected", "protected", "warned", "local", "fine", "crashed",
         "untested"],
)  # fmt: skip
def test_the_headline_is_the_cause(
    findings: tuple[Finding, ...], expected: str, next_step: str
) -> None:
    """The headline is the first failure, an untested contract, or that no problem was found."""
    found = report(*findings)
    assert (expected, next_step) == (headline(found), advice(found))


def test_levels_are_counted() -> None:
    """The number of each level is shown, in order of severity."""
    found = report(FINE, FAILED, SKIPPED, SKIPPED, WARNED)
    assert "1 ok, 2 skip, 1 warn, 1 fail" == counts(found)
