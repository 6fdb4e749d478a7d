"""The first lines of a report: what is wrong, that nothing is, or what was not tested."""

from collections import Counter

from claimsctl.doctor.runner import Report
from claimsctl.judge.finding import Finding, Level, NoResult

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
