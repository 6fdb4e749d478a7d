"""The first lines of a report say what matters most."""

import pytest
from claimsctl.doctor.summary import advice, counts, headline
from claimsctl.entra.finding import Finding

from tests.doctor.diagnoses import FAILED, FINE, PROTECTED, SKIPPED, WARNED, diagnosis


@pytest.mark.parametrize(
    ("findings", "expected", "next_step"),
    [
        ((FINE, FAILED, SKIPPED), "CON001 A member signs in: a member: status 500 (Entra: 1003002)",
         "Look there."),
        ((FAILED, PROTECTED), "CON001 A member signs in: a member: status 500 (Entra: 1003002)",
         "Look there."),
        ((FINE, WARNED, PROTECTED),
         "The contract was not tested: the endpoint is protected: refused with 401", "Let one in."),
        ((FINE, WARNED), "Entra would get its claims; look at the warnings", ""),
        ((FINE,), "Entra would get its claims", ""),
    ],
    ids=["failed", "failed-and-protected", "protected", "warned", "fine"],
)  # fmt: skip
def test_the_headline_is_the_cause(
    findings: tuple[Finding, ...], expected: str, next_step: str
) -> None:
    """The first failure, else that the contract was not tested, else that all is well."""
    found = diagnosis(*findings)
    assert (expected, next_step) == (headline(found), advice(found))


def test_levels_are_counted() -> None:
    """Each level that there is, in the order of their gravity from the harmless on."""
    found = diagnosis(FINE, FAILED, SKIPPED, SKIPPED, WARNED)
    assert "1 ok, 2 skip, 1 warn, 1 fail" == counts(found)
