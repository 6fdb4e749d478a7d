"""All checks in their order, each after what it stands on; a check that cannot run says why."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from claimsctl.doctor.check import Check, finding
from claimsctl.doctor.patient import Exchanged, Patient
from claimsctl.entra.finding import Finding, Level
from claimsctl.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What an examination found."""

    url: str
    """Without what opens it: fit to be shown."""
    findings: tuple[Finding, ...]
    exchanges: tuple[Exchanged, ...]

    def worst(self) -> Level:
        """The gravest level; `Level.OK` when nothing was wrong, whatever was skipped."""
        levels = {finding.level for finding in self.findings}
        return next((level for level in (Level.FAIL, Level.WARN) if level in levels), Level.OK)


def calls_of(checks: Sequence[Check]) -> int:
    """The most HTTP calls that the checks make."""
    return sum(check.calls for check in checks)


def examine(
    patient: Patient,
    checks: Sequence[Check],
    *,
    ignore: Collection[str] = (),
    progress: Callable[[Check], None] = lambda _: None,
) -> Diagnosis:
    """Run the checks on `patient`. Findings whose id begins as one in `ignore` are left out.

    Never raises for what the endpoint does, however odd.
    """
    found: list[Finding] = []
    for check in checks:
        progress(check)
        found += _run(check, patient, found)
    kept = tuple(each for each in found if not each.id.startswith(tuple(ignore)))
    return Diagnosis(patient.shown_url, kept, tuple(patient.exchanges))


def _run(check: Check, patient: Patient, before: Sequence[Finding]) -> Iterator[Finding]:
    missing = next((each for each in before if _stops(check, each)), None)
    if missing is not None:
        reason = f"needs {missing.id}, which {_how(missing)}"
        yield from (finding(id_, Level.SKIP, reason) for id_ in check.ids)
        return
    told: set[str] = set()
    broken = ""
    try:
        for each in check.run(patient):
            told.add(each.id)
            yield each
    except OperatorError:
        raise
    except Exception as error:  # noqa: BLE001  # an endpoint may be odder than we thought of
        broken = f"{type(error).__name__}: {error}"
    for id_ in check.ids:
        if id_ not in told:
            yield finding(
                id_,
                Level.WARN,
                f"this check broke: {broken or 'it said nothing'}",
                hint="A fault of claimsctl's, not of the endpoint's: please report it.",
                expected="a check that says something",
            )


def _stops(check: Check, earlier: Finding) -> bool:
    if earlier.level is Level.FAIL:
        return earlier.id in check.needs or earlier.id in check.blocked_by
    return earlier.level is Level.SKIP and earlier.id in check.needs


def _how(missing: Finding) -> str:
    if missing.level is Level.FAIL:
        return "failed"
    told = "" if missing.evidence.startswith("needs ") else f": {missing.evidence}"
    return f"was skipped{told}"
