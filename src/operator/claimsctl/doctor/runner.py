"""Checks, and how they run: which are selected, which are skipped for what, what is reported."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from claimsctl.doctor.calls import Call, Run
from claimsctl.doctor.target import Target
from claimsctl.errors import OperatorError
from claimsctl.explain.entries import EntryKind, entries
from claimsctl.judge.finding import Basis, Finding, Level, NoResult, Verdict, shortened

_EVIDENCE_CHARACTERS: Final = 2400
"""Names and headers that an endpoint sends may be as long as it likes."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of an endpoint.

    `ids` are those of the findings that it makes: each is in every report, as ``ok``, ``warn``,
    ``fail``, or ``skip`` with the reason.
    """

    ids: tuple[str, ...]
    run: Callable[[Run], Iterable[Finding]]
    calls_max: int = 0
    """The most HTTP calls that it makes; announced before the run."""
    needs: tuple[str, ...] = ()
    """Ids of findings that must neither have failed nor been skipped before."""
    blocked_by: tuple[str, ...] = ()
    """Ids of findings that must not have failed before; skipped they may be."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found."""

    url: str
    """Without secrets, to be shown."""
    findings: tuple[Finding, ...]
    calls: tuple[Call, ...]

    def worst(self) -> Level:
        """The gravest level; `Level.OK` when nothing was wrong, whatever was skipped."""
        levels = {finding.level for finding in self.findings}
        return next((level for level in (Level.FAIL, Level.WARN) if level in levels), Level.OK)


def finding(
    id_: str,
    level: Level,
    evidence: str,
    *,
    hint: str = "",
    expected: str = "",
    entra_code: int | None = None,
    no_result: NoResult | None = None,
) -> Finding:
    """A finding of the doctor, with the title and the link that `claimsctl.explain` has for its id.

    Which Entra code a state of an endpoint leads to is our reading: it is not documented.
    """
    entry = entries()[id_]
    return Finding(
        id=id_,
        level=level,
        title=entry.name,
        evidence=shortened(evidence, _EVIDENCE_CHARACTERS),
        hint=hint,
        entra_code=entra_code,
        basis=Basis.CONVENTION,
        expected=expected,
        doc=entry.doc,
        no_result=no_result,
    )


def skipped_for(missing: Finding, *ids: str) -> Iterator[Finding]:
    """The findings `ids`, skipped because `missing`, which they need, failed or was skipped."""
    how = "failed"
    if missing.level is not Level.FAIL:
        is_direct = missing.no_result is not NoResult.PREREQUISITE
        how = f"was skipped: {missing.evidence}" if is_direct else "was skipped"
    for id_ in ids:
        evidence = f"needs {missing.id}, which {how}"
        yield finding(id_, Level.SKIP, evidence, no_result=NoResult.PREREQUISITE)


def claims_in(verdict: Verdict) -> str:
    """How many claims Entra would add: ``1 claim``, ``2 claims``."""
    count = len(verdict.claims)
    return f"{count} claim" if count == 1 else f"{count} claims"


def calls_max(checks: Sequence[Check]) -> int:
    """The most HTTP calls that the checks make."""
    return sum(check.calls_max for check in checks)


def run_checks(
    target: Target,
    checks: Sequence[Check],
    *,
    ignore: Collection[str] = (),
    progress: Callable[[Check], None] = lambda _: None,
) -> Report:
    """Run the checks on `target`. Findings whose id begins as one in `ignore` are left out.

    Never raises for what the endpoint does, however odd.
    """
    run = Run(target)
    findings: list[Finding] = []
    for check in checks:
        progress(check)
        findings += _findings_of(check, run, findings)
    kept = tuple(each for each in findings if not each.id.startswith(tuple(ignore)))
    return Report(target.shown_url, kept, tuple(run.calls))


def _findings_of(check: Check, run: Run, before: Sequence[Finding]) -> Iterator[Finding]:
    missing = next((each for each in before if _stops(check, each)), None)
    if missing is not None:
        yield from skipped_for(missing, *check.ids)
        return
    reported: set[str] = set()
    reason = "it said nothing"
    try:
        for each in check.run(run):
            reported.add(each.id)
            yield each
    except OperatorError:
        raise
    except Exception as error:  # noqa: BLE001  # an endpoint may be odder than we thought of
        reason = f"{type(error).__name__}: {error}"
    for id_ in check.ids:
        if id_ not in reported:
            yield finding(
                id_,
                Level.WARN,
                f"this check broke: {reason}",
                hint="This is a fault of claimsctl, not of the endpoint: please report it.",
                expected="a result",
                no_result=NoResult.BROKEN,
            )


def _stops(check: Check, earlier: Finding) -> bool:
    if earlier.level is Level.FAIL:
        return earlier.id in check.needs or earlier.id in check.blocked_by
    return earlier.level is Level.SKIP and earlier.id in check.needs


def selected_checks(checks: Sequence[Check], prefixes: Collection[str]) -> tuple[Check, ...]:
    """The checks that make a finding whose id begins as one of `prefixes`, and those they need.

    All of them without prefixes. Raises `OperatorError` for a prefix that fits none.
    """
    if not prefixes:
        return tuple(checks)
    ids = [id_ for check in checks for id_ in check.ids]
    begins = tuple(_known("--select", prefix, ids) for prefix in prefixes)
    wanted = {id_ for id_ in ids if id_.startswith(begins)}
    selected: list[Check] = []
    for check in reversed(checks):
        if wanted & {*check.ids}:
            selected.append(check)
            wanted |= {*check.needs, *check.blocked_by}
    return tuple(reversed(selected))


def known_prefixes(prefixes: Collection[str]) -> tuple[str, ...]:
    """`prefixes` of ids to leave out, in upper case. Raises `OperatorError` where none fits."""
    ids = [entry.id for entry in entries().values() if entry.kind is EntryKind.FINDING]
    return tuple(_known("--ignore", prefix, ids) for prefix in prefixes)


def _known(option: str, prefix: str, ids: Iterable[str]) -> str:
    wanted = prefix.strip().upper()
    if wanted and any(id_.startswith(wanted) for id_ in ids):
        return wanted
    subjects = ", ".join(dict.fromkeys(id_.rstrip("0123456789") for id_ in ids))
    message = f"{option} {prefix}: no finding's id begins so; they begin with {subjects}"
    raise OperatorError(message)


_CONTRACT = "CON001"
_PUBLIC = "DNS002"


def headline(report: Report) -> str:
    """One sentence: the first cause; else what was not tested; else that all is well."""
    cause = first_cause(report)
    if cause is not None:
        code = f" (Entra: {cause.entra_code})" if cause.entra_code else ""
        return f"{cause.id} {cause.title}: {cause.evidence}{code}"
    protected = _protected(report)
    if protected is not None:
        return (
            f"The contract was not tested, for the endpoint is {protected.evidence}; "
            "let a test caller in"
        )
    levels = {each.id: each.level for each in report.findings}
    if levels.get(_CONTRACT, Level.SKIP) is Level.SKIP:
        good = "No problems found in the checks that ran; the contract was not tested"
    elif levels.get(_PUBLIC) is Level.WARN:
        return "Entra would take its answers, if it could call this machine"
    else:
        good = "Entra would get its claims"
    warning = _first(report, Level.WARN)
    if warning is None:
        return good
    return f"{good}; but {warning.id} {warning.title}: {warning.evidence}"


def advice(report: Report) -> str:
    """The one thing to do next; empty for nothing."""
    cause = first_cause(report) or _protected(report) or _first(report, Level.WARN)
    return "" if cause is None else cause.hint


def counts(report: Report) -> str:
    """How many findings of each level."""
    number = Counter(each.level for each in report.findings)
    return ", ".join(f"{number[level]} {level.value}" for level in Level if number[level])


def first_cause(report: Report) -> Finding | None:
    """The first failure with an Entra code, else the first one: later ones may follow from it."""
    failures = [each for each in report.findings if each.level is Level.FAIL]
    with_code = (each for each in failures if each.entra_code is not None)
    return next(with_code, next(iter(failures), None))


def is_protected(report: Report) -> bool:
    """Whether the endpoint refused every token that there was, so that nothing more is known."""
    return _protected(report) is not None


def _protected(report: Report) -> Finding | None:
    protected = (each for each in report.findings if each.no_result is NoResult.PROTECTED)
    return next(protected, None)


def _first(report: Report, level: Level) -> Finding | None:
    return next((each for each in report.findings if each.level is level), None)
