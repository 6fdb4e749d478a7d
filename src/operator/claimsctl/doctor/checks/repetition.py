"""IDM…: whether the same callout twice gets the same answer, since Entra may try again."""

from collections.abc import Iterator

from claimsctl.doctor.check import Check, finding
from claimsctl.doctor.patient import Patient, encoded
from claimsctl.entra.finding import Finding, Level


def _examine(patient: Patient) -> Iterator[Finding]:
    body = encoded(patient.callout("member"))
    first, second = (
        patient.call("the same twice", body, bearer=patient.expectations.bearer) for _ in range(2)
    )
    one, other = (made.verdict.claims for made in (first, second))
    if one == other and first.verdict.accepted == second.verdict.accepted:
        yield finding("IDM001", Level.OK, f"{len(one)} claims, both times")
        return
    differing = sorted(
        name for name in one.keys() | other.keys() if one.get(name) != other.get(name)
    )
    yield finding(
        "IDM001",
        Level.WARN,
        f"differing: {', '.join(differing) or 'accepted once'}",
        hint="Answer the same callout alike: after a retry nobody knows which answer counted.",
        expected="the same claims",
    )


CHECK = Check(("IDM001",), _examine, calls=2, needs=("CON001",))
