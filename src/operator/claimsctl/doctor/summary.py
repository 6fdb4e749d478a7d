"""The first lines of a report: what is wrong, or that nothing is, or what was not tested."""

from collections import Counter

from claimsctl.doctor.runner import Diagnosis
from claimsctl.judge.finding import Finding, Level

_PROTECTED = "AUT005"
_CONTRACT = "CON001"
_PUBLIC = "DNS002"


def headline(diagnosis: Diagnosis) -> str:
    """One sentence: the first cause, else what was not tested, else that all is well."""
    cause = first_cause(diagnosis)
    if cause is not None:
        code = f" (Entra: {cause.entra_code})" if cause.entra_code else ""
        return f"{cause.id} {cause.title}: {cause.evidence}{code}"
    protected = _protected(diagnosis)
    if protected is not None:
        return (
            f"The contract was not tested, for the endpoint is {protected.evidence}; "
            "let a test caller in"
        )
    levels = {each.id: each.level for each in diagnosis.findings}
    if levels.get(_CONTRACT, Level.SKIP) is Level.SKIP:
        good = "Nothing that was looked at is wrong; the contract was not tested"
    elif levels.get(_PUBLIC) is Level.WARN:
        return "Entra would take its answers, if it could call this machine"
    else:
        good = "Entra would get its claims"
    warning = _first(diagnosis, Level.WARN)
    if warning is None:
        return good
    return f"{good}; but {warning.id} {warning.title}: {warning.evidence}"


def is_protected(diagnosis: Diagnosis) -> bool:
    """Whether the endpoint refused every token that there was, so that nothing more is known."""
    return _protected(diagnosis) is not None


def first_cause(diagnosis: Diagnosis) -> Finding | None:
    """The first failure that Entra would trip over, else the first: what comes later may follow."""
    failures = [each for each in diagnosis.findings if each.level is Level.FAIL]
    return next(
        (each for each in failures if each.entra_code is not None), next(iter(failures), None)
    )


def advice(diagnosis: Diagnosis) -> str:
    """The one thing to do next; empty for nothing."""
    cause = first_cause(diagnosis) or _protected(diagnosis) or _first(diagnosis, Level.WARN)
    return "" if cause is None else cause.hint


def counts(diagnosis: Diagnosis) -> str:
    """How many findings of each level."""
    number = Counter(each.level for each in diagnosis.findings)
    return ", ".join(f"{number[level]} {level.value}" for level in Level if number[level])


def _first(diagnosis: Diagnosis, level: Level) -> Finding | None:
    return next((each for each in diagnosis.findings if each.level is level), None)


def _protected(diagnosis: Diagnosis) -> Finding | None:
    return next((each for each in diagnosis.findings if _is_protected(each)), None)


def _is_protected(each: Finding) -> bool:
    return (
        each.id == _PROTECTED and each.level is Level.SKIP and each.evidence.startswith("protected")
    )
