"""The first lines of a report: what is wrong, or that nothing is, or what was not tested."""

from collections import Counter

from claimsctl.doctor.examination import Diagnosis
from claimsctl.entra.finding import Finding, Level

PROTECTED = "AUT005"


def headline(diagnosis: Diagnosis) -> str:
    """One sentence: the first cause, else what was not tested, else that all is well."""
    cause = first_cause(diagnosis)
    protected = next((each for each in diagnosis.findings if each.id == PROTECTED), None)
    untested = protected is not None and protected.level is Level.SKIP
    if cause is not None:
        code = f" (Entra: {cause.entra_code})" if cause.entra_code else ""
        return f"{cause.id} {cause.title}: {cause.evidence}{code}"
    if untested and protected is not None and protected.evidence.startswith("protected"):
        return f"The contract was not tested: the endpoint is {protected.evidence}"
    if diagnosis.worst() is Level.WARN:
        return "Entra would get its claims; look at the warnings"
    return "Entra would get its claims"


def first_cause(diagnosis: Diagnosis) -> Finding | None:
    """The first failure: what comes later may only follow from it."""
    return next((each for each in diagnosis.findings if each.level is Level.FAIL), None)


def advice(diagnosis: Diagnosis) -> str:
    """The one thing to do next; empty for nothing."""
    cause = first_cause(diagnosis)
    if cause is not None:
        return cause.hint
    protected = next((each for each in diagnosis.findings if each.id == PROTECTED), None)
    return protected.hint if protected is not None and protected.level is Level.SKIP else ""


def counts(diagnosis: Diagnosis) -> str:
    """How many findings of each level."""
    number = Counter(each.level for each in diagnosis.findings)
    return ", ".join(f"{number[level]} {level.value}" for level in Level if number[level])
