"""The first lines of a report: what is wrong, or that nothing is, or what was not tested."""

from collections import Counter

from claimsctl.doctor.examination import Diagnosis
from claimsctl.entra.finding import Finding, Level

PROTECTED = "AUT005"


def headline(diagnosis: Diagnosis) -> str:
    """One sentence: the first cause, else what was not tested, else that all is well."""
    cause = first_cause(diagnosis)
    if cause is not None:
        code = f" (Entra: {cause.entra_code})" if cause.entra_code else ""
        return f"{cause.id} {cause.title}: {cause.evidence}{code}"
    if is_protected(diagnosis):
        protected = _protection(diagnosis)
        return f"The contract was not tested: the endpoint is {protected.evidence}"
    if diagnosis.worst() is Level.WARN:
        return "Entra would get its claims; look at the warnings"
    return "Entra would get its claims"


def is_protected(diagnosis: Diagnosis) -> bool:
    """Whether the endpoint refused every token that there was, so that nothing more is known."""
    return any(
        each.id == PROTECTED and each.level is Level.SKIP and each.evidence.startswith("protected")
        for each in diagnosis.findings
    )


def first_cause(diagnosis: Diagnosis) -> Finding | None:
    """The first failure: what comes later may only follow from it."""
    return next((each for each in diagnosis.findings if each.level is Level.FAIL), None)


def advice(diagnosis: Diagnosis) -> str:
    """The one thing to do next; empty for nothing."""
    cause = first_cause(diagnosis)
    if cause is not None:
        return cause.hint
    return _protection(diagnosis).hint if is_protected(diagnosis) else ""


def _protection(diagnosis: Diagnosis) -> Finding:
    return next(each for each in diagnosis.findings if each.id == PROTECTED)


def counts(diagnosis: Diagnosis) -> str:
    """How many findings of each level."""
    number = Counter(each.level for each in diagnosis.findings)
    return ", ".join(f"{number[level]} {level.value}" for level in Level if number[level])
