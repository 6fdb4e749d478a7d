"""IDM…: whether a repeated callout gets the same answer, because Entra may retry."""

from collections.abc import Iterator, Mapping
from typing import Any

from claimsctl.doctor.calls import CallId, Run
from claimsctl.doctor.runner import Check, claims_in, finding
from claimsctl.judge.finding import Finding, Level


def _check(run: Run) -> Iterator[Finding]:
    calls = [run.call_as_entra(CallId.REPEATED, "a repeated callout") for _ in range(2)]
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
        evidence = f"accepted only once; the other answer has {failure.id} ({failure.evidence})"
    yield finding(
        "IDM001",
        Level.WARN,
        evidence,
        hint="Give the same answer to the same callout: after a retry, either answer may be used.",
        expected="the same claims",
    )


def _sorted(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return `claims` with the values of lists sorted, because their order does not matter."""
    return {
        name: sorted(value) if isinstance(value, list) else value for name, value in claims.items()
    }


CHECK = Check(("IDM001",), _check, calls_max=2, needs=("CON001",))
