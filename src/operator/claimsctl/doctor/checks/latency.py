"""LAT…: whether answers arrive in time: the first, later ones, and concurrent ones."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles

from claimsctl.doctor.calls import Call, CallId, Run
from claimsctl.doctor.runner import Check, finding
from claimsctl.doctor.target import Expectations
from claimsctl.judge.finding import Finding, Level

_WARM_CALLS = 10
_AT_ONCE = (1, 5, 10)
_TIGHT = 0.8
"""The share of Entra's wait above which an answer in time is a warning."""
_LATE = 1003005
_FASTER = (
    "Find the slow phase: claimsctl call shows the time of each. The extension's "
    "timeoutInMilliseconds may be 2000, with one retry."
)


def _check(run: Run) -> Iterator[Finding]:
    expectations = run.target.expectations
    first = run.made(CallId.FIRST)
    assert first is not None, "the check of HTTP001 makes it"  # noqa: S101
    yield _judged("LAT001", [first], expectations, asks_for_claims=False)
    warm = [run.call_as_entra(CallId.WARM, "latency: warm") for _ in range(_WARM_CALLS)]
    yield _judged("LAT002", warm, expectations)
    concurrent: list[Call] = []
    for count in _AT_ONCE:
        purpose = f"latency: {count} at once"
        with ThreadPoolExecutor(count) as pool:
            concurrent += pool.map(
                run.call_as_entra, [CallId.CONCURRENT] * count, [purpose] * count
            )
    yield _judged("LAT003", concurrent, expectations)


def _judged(
    id_: str, made: Sequence[Call], expectations: Expectations, *, asks_for_claims: bool = True
) -> Finding:
    wait = expectations.wait_ms
    slowest = max(each.attempt.elapsed_ms for each in made)
    evidence = f"{_spread(made)} of {wait}"
    late = sum(each.attempt.answer is None or each.attempt.elapsed_ms > wait for each in made)
    if late:
        # With a retry, a sign-in fails only if both calls are late.
        saved = expectations.retries > 0 and 2 * late <= max(len(made), 2)
        return finding(
            id_,
            Level.WARN if saved else Level.FAIL,
            f"{evidence}; {late} of {len(made)} not answered in time"
            + (", but a retry may succeed" if saved else ""),
            hint=_FASTER,
            expected=f"the whole answer within {wait} ms",
            entra_code=_LATE,
        )
    refused = [each.verdict.first_failure for each in made if not each.verdict.accepted]
    failure = next((each for each in refused if each is not None), None)
    if asks_for_claims and failure is not None:
        return finding(
            id_,
            Level.FAIL,
            f"{evidence}; {len(refused)} of {len(made)} not accepted: {failure.evidence}",
            hint="Find the bottleneck: a limit, a pool or a throttle. A tenant may make 50 "
            "callouts a second.",
            expected="the same answer to every call",
            entra_code=failure.entra_code,
        )
    if slowest > _TIGHT * wait:
        return finding(
            id_,
            Level.WARN,
            evidence,
            hint=_FASTER,
            expected=f"well within {wait} ms, because Entra may be farther away than this machine",
        )
    return finding(id_, Level.OK, evidence)


def _spread(made: Sequence[Call]) -> str:
    times = sorted(each.attempt.elapsed_ms for each in made)
    if len(times) == 1:
        return f"{times[0]:.0f} ms"
    half, most = (quantiles(times, n=100, method="inclusive")[share - 1] for share in (50, 90))
    return f"p50 {half:.0f}, p90 {most:.0f}, slowest {times[-1]:.0f} ms"


CHECK = Check(
    ("LAT001", "LAT002", "LAT003"),
    _check,
    calls_max=_WARM_CALLS + sum(_AT_ONCE),
    needs=("AUT005", "CON001"),
)
