"""LAT…: whether answers come within Entra's wait: the first, those after it, several at once."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles

from claimsctl.doctor.check import Check, finding
from claimsctl.doctor.checks.authentication import GOOD_CALLER
from claimsctl.doctor.patient import Exchanged, Patient, encoded
from claimsctl.entra.finding import Finding, Level

WARM_CALLS = 10
AT_ONCE = (1, 5, 10)
_TIGHT = 0.8
"""Share of the wait from which on there is no room for a bad day."""
_LATE = 1003005
_FASTER = (
    "Find what is slow: claimsctl call shows in which phase the time goes. The extension's "
    "timeoutInMilliseconds may be 2000, with one retry."
)


def _examine(patient: Patient) -> Iterator[Finding]:
    first = patient.made(GOOD_CALLER)  # refusals before it may not have woken the service
    assert first is not None, "AUT005 makes it"  # noqa: S101
    yield _judged("LAT001", [first], patient)
    warm = [_call(patient, "latency: warm") for _ in range(WARM_CALLS)]
    yield _judged("LAT002", warm, patient)
    together: list[Exchanged] = []
    for count in AT_ONCE:
        with ThreadPoolExecutor(count) as pool:
            together += pool.map(
                lambda number: _call(patient, f"latency: {number} at once"), [count] * count
            )
    yield _judged("LAT003", together, patient)


def _call(patient: Patient, purpose: str) -> Exchanged:
    return patient.call(
        purpose, encoded(patient.callout("member")), bearer=patient.expectations.bearer
    )


def _judged(id_: str, made: Sequence[Exchanged], patient: Patient) -> Finding:
    wait = patient.expectations.wait_ms
    times = sorted(each.attempt.elapsed_ms for each in made)
    shown = f"{times[0]:.0f} ms"
    if len(times) > 1:
        half, most = (quantiles(times, n=100, method="inclusive")[share - 1] for share in (50, 99))
        shown = f"p50 {half:.0f}, p99 {most:.0f}, slowest {times[-1]:.0f} ms"
    evidence = f"{shown} of {wait}"
    unanswered = sum(each.attempt.answer is None for each in made)
    if unanswered or times[-1] > wait:
        late = (
            f"{evidence}; {unanswered} of {len(made)} without an answer" if unanswered else evidence
        )
        return finding(
            id_, Level.FAIL, late, hint=_FASTER, expected=f"within {wait} ms", entra_code=_LATE
        )
    if times[-1] > _TIGHT * wait:
        return finding(
            id_,
            Level.WARN,
            evidence,
            hint=_FASTER,
            expected=f"well within {wait} ms, for Entra is farther away than this machine",
        )
    return finding(id_, Level.OK, evidence)


CHECK = Check(
    ("LAT001", "LAT002", "LAT003"),
    _examine,
    calls=WARM_CALLS + sum(AT_ONCE),
    needs=("AUT005", "CON001"),
)
