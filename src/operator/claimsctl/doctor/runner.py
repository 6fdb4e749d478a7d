"""What a check is: its ids, how many calls it makes, and what must have gone well before."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from claimsctl.doctor.target import Exchanged, Patient
from claimsctl.errors import OperatorError
from claimsctl.explain.entries import EntryKind, entries
from claimsctl.judge.finding import Basis, Finding, Level, Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """One check of an endpoint.

    `ids` are those of the findings that it can make: each is told in every examination, as ``ok``,
    ``warn``, ``fail``, or ``skip`` with the reason.
    """

    ids: tuple[str, ...]
    run: Callable[[Patient], Iterable[Finding]]
    calls: int = 0
    """The most HTTP calls that it makes; told beforehand."""
    needs: tuple[str, ...] = ()
    """Ids of findings that must neither have failed nor been skipped before."""
    blocked_by: tuple[str, ...] = ()
    """Ids of findings that must not have failed before; skipped they may be."""


def finding(
    id_: str,
    level: Level,
    evidence: str,
    *,
    hint: str = "",
    expected: str = "",
    entra_code: int | None = None,
) -> Finding:
    """A finding of the doctor's, with the name and the link that the catalogue has for its id.

    Which Entra code a state of an endpoint leads to is our reading, not documentation's.
    """
    entry = entries()[id_]
    return Finding(
        id_,
        level,
        entry.name,
        evidence,
        hint,
        entra_code,
        Basis.CONVENTION,
        expected,
        None,
        entry.doc,
    )


def claims_in(verdict: Verdict) -> str:
    """How many claims Entra would take: ``1 claim``, ``2 claims``."""
    count = len(verdict.claims)
    return f"{count} claim" if count == 1 else f"{count} claims"


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


def chosen_checks(checks: Sequence[Check], prefixes: Collection[str]) -> tuple[Check, ...]:
    """The checks that make a finding whose id begins as one of `prefixes`, and those they need.

    All of them without prefixes. Raises `OperatorError` for a prefix of none.
    """
    if not prefixes:
        return tuple(checks)
    ids = [id_ for check in checks for id_ in check.ids]
    begins = tuple(_known("--select", prefix, ids) for prefix in prefixes)
    wanted = {id_ for id_ in ids if id_.startswith(begins)}
    chosen: list[Check] = []
    for check in reversed(checks):
        if wanted & {*check.ids}:
            chosen.append(check)
            wanted |= {*check.needs, *check.blocked_by}
    return tuple(reversed(chosen))


def known_prefixes(prefixes: Collection[str]) -> tuple[str, ...]:
    """How the ids to leave out begin. Raises `OperatorError` for a prefix of no finding."""
    ids = [entry.id for entry in entries().values() if entry.kind is EntryKind.FINDING]
    return tuple(_known("--ignore", prefix, ids) for prefix in prefixes)


def _known(option: str, prefix: str, ids: Iterable[str]) -> str:
    wanted = prefix.strip().upper()
    if wanted and any(id_.startswith(wanted) for id_ in ids):
        return wanted
    kinds = ", ".join(dict.fromkeys(id_.rstrip("0123456789") for id_ in ids))
    message = f"{option} {prefix}: no finding's id begins so; they begin with {kinds}"
    raise OperatorError(message)
