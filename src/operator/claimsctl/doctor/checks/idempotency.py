"""IDM…: whether the same callout twice gets the same answer, since Entra may try again."""

from collections.abc import Iterator, Mapping
from typing import Any

from claimsctl.doctor.runner import Check, claims_in, finding
from claimsctl.doctor.target import Patient
from claimsctl.judge.finding import Finding, Level


def _examine(patient: Patient) -> Iterator[Finding]:
    first, second = (patient.call_as_entra("the same twice").verdict for _ in range(2))
    one, other = _settled(first.claims), _settled(second.claims)
    if one == other and first.accepted == second.accepted:
        yield finding("IDM001", Level.OK, f"{claims_in(first)}, both times")
        return
    differing = sorted(
        name for name in one.keys() | other.keys() if one.get(name) != other.get(name)
    )
    evidence = f"differing: {', '.join(differing)}"
    if first.accepted != second.accepted:
        failure = first.first_failure or second.first_failure
        assert failure is not None, "one was refused"  # noqa: S101
        evidence = f"accepted only once; the other time {failure.id} ({failure.evidence})"
    yield finding(
        "IDM001",
        Level.WARN,
        evidence,
        hint="Answer the same callout alike: after a retry nobody knows which answer counted.",
        expected="the same claims",
    )


def _settled(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Claims in whatever order: that of a list's values is no difference."""
    return {
        name: sorted(value) if isinstance(value, list) else value for name, value in claims.items()
    }


CHECK = Check(("IDM001",), _examine, calls=2, needs=("CON001",))
