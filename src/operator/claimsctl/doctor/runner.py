"""Select and run the checks, skip those whose prerequisites failed, and report the findings."""

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
"""The longest evidence: an endpoint may send names and headers of any length."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of an endpoint.

    `ids` are the ids of its findings. Each is in every report, as ``ok``, ``warn``, ``fail``, or
    ``skip`` with the reason.
    """

    ids: tuple[str, ...]
    run: Callable[[Run], Iterable[Finding]]
    calls_max: int = 0
    """The maximum number of HTTP calls; announced before the run."""
    needs: tuple[str, ...] = ()
    """Ids of earlier findings that must not have failed or been skipped."""
    blocked_by: tuple[str, ...] = ()
    """Ids of earlier findings that must not have failed but may have been skipped."""


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a run."""

    url: str
    """Without secrets, for display."""
    findings: tuple[Finding, ...]
    calls: tuple[Call, ...]

    def worst(self) -> Level:
        """Return the most severe level, ignoring skipped checks."""
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
    """Return a finding of the doctor, with the title and link from `claimsctl.explain`.

    Which Entra code a state of an endpoint leads to is not documented; it is our reading.
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
    """Yield the findings `ids` as skipped, because they need `missing`, with the first cause."""
    if missing.no_result is NoResult.PREREQUISITE:
        evidence = missing.evidence
    elif missing.level is Level.FAIL:
        evidence = f"needs {missing.id}, which failed"
    else:
        evidence = f"needs {missing.id}, which was skipped: {missing.evidence}"
    for id_ in ids:
        yield finding(id_, Level.SKIP, evidence, no_result=NoResult.PREREQUISITE)


def claims_in(verdict: Verdict) -> str:
    """Return how many claims Entra would add: ``1 claim``, ``2 claims``."""
    count = len(verdict.claims)
    return f"{count} claim" if count == 1 else f"{count} claims"


def calls_max(checks: Sequence[Check]) -> int:
    """Return the maximum number of HTTP calls that the checks make."""
    return sum(check.calls_max for check in checks)


def run_checks(
    target: Target,
    checks: Sequence[Check],
    *,
    ignore: Collection[str] = (),
    progress: Callable[[Check], None] = lambda _: None,
) -> Report:
    """Run the checks on `target`, and omit findings whose id starts with a prefix in `ignore`.

    Never raises for anything that the endpoint does.
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
    reason = "it reported nothing"
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
                f"the check itself failed: {reason}",
                hint="This is a bug in claimsctl, not in the endpoint; please report it.",
                expected="a result",
                no_result=NoResult.BROKEN,
            )


def _stops(check: Check, earlier: Finding) -> bool:
    if earlier.level is Level.FAIL:
        return earlier.id in check.needs or earlier.id in check.blocked_by
    return earlier.level is Level.SKIP and earlier.id in check.needs


def selected_checks(checks: Sequence[Check], prefixes: Collection[str]) -> tuple[Check, ...]:
    """Return the checks with a finding whose id starts with one of `prefixes`, and those they need.

    Without prefixes, returns all checks. Raises `OperatorError` for a prefix that matches none.
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
    """Return `prefixes` in upper case. Raises `OperatorError` for one that matches no finding."""
    ids = [entry.id for entry in entries().values() if entry.kind is EntryKind.FINDING]
    return tuple(_known("--ignore", prefix, ids) for prefix in prefixes)


def _known(option: str, prefix: str, ids: Iterable[str]) -> str:
    wanted = prefix.strip().upper()
    if wanted and any(id_.startswith(wanted) for id_ in ids):
        return wanted
    subjects = ", ".join(dict.fromkeys(id_.rstrip("0123456789") for id_ in ids))
    message = f"{option} {prefix}: no finding has this prefix; use an id or one of {subjects}"
    raise OperatorError(message)


_CONTRACT = "CON001"
_PUBLIC = "DNS002"


def headline(report: Report) -> str:
    """Return one sentence: the first cause, what was not tested, or that no problem was found."""
    cause = first_cause(report)
    if cause is not None:
        code = f" (Entra: {cause.entra_code})" if cause.entra_code else ""
        return f"{cause.id} {cause.title}: {cause.evidence}{code}"
    protected = _protected(report)
    if protected is not None:
        return (
            f"The contract was not tested, because the endpoint is {protected.evidence}; "
            "allow a test caller"
        )
    results = {each.id: each.level for each in report.findings if each.no_result is None}
    if results.get(_CONTRACT, Level.SKIP) is Level.SKIP:
        good = "No problems found in the checks that ran; the contract was not tested"
    elif results.get(_PUBLIC) is Level.WARN:
        return "Entra would accept the answers, but cannot call this machine"
    else:
        good = "Entra would accept the answers"
    warning = _first(report, Level.WARN)
    if warning is None:
        return good
    return f"{good}; but {warning.id} {warning.title}: {warning.evidence}"


def advice(report: Report) -> str:
    """Return the one thing to do next; empty if there is nothing to do."""
    cause = first_cause(report) or _protected(report) or _first(report, Level.WARN)
    return "" if cause is None else cause.hint


def counts(report: Report) -> str:
    """Return the number of findings of each level."""
    number = Counter(each.level for each in report.findings)
    return ", ".join(f"{number[level]} {level.value}" for level in Level if number[level])


def first_cause(report: Report) -> Finding | None:
    """Return the first failure with an Entra code, or the first failure, which may cause others."""
    failures = [each for each in report.findings if each.level is Level.FAIL]
    with_code = (each for each in failures if each.entra_code is not None)
    return next(with_code, next(iter(failures), None))


def is_protected(report: Report) -> bool:
    """Return whether the endpoint refused every token, so that the contract was not tested."""
    return _protected(report) is not None


def _protected(report: Report) -> Finding | None:
    protected = (each for each in report.findings if each.no_result is NoResult.PROTECTED)
    return next(protected, None)


def _first(report: Report, level: Level) -> Finding | None:
    return next((each for each in report.findings if each.level is level), None)
