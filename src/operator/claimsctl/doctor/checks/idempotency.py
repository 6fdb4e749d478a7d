"""IDM…: whether the same callout twice gets the same answer, since Entra may try again."""

from collections.abc import Iterator, Mapping
from typing import Any

from claimsctl.doctor.calls import CallId, Run
from claimsctl.doctor.runner import Check, claims_in, finding
from claimsctl.judge.finding import Finding, Level


def _check(run: Run) -> Iterator[Finding]:
    calls = [run.call_as_entra(CallId.REPEATED, "the same twice") for _ in range(2)]
    first, second = (call.verdict for call in calls)
    one, other = _sorted(first.claims), _sorted(second.claims)
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


def _sorted(claims: Mapping[str, Any]) -> dict[str, Any]:
    """`claims` with the values of lists sorted: their order is no difference."""
    return {
        name: sorted(value) if isinstance(value, list) else value for name, value in claims.items()
    }


CHECK = Check(("IDM001",), _check, calls_max=2, needs=("CON001",))
