"""Which checks run, which are skipped and why, and what a run keeps. No call is made here."""

from collections.abc import Iterator

import pytest
from claimsctl.doctor.calls import CallId, Run
from claimsctl.doctor.checks import ENDPOINT_CHECKS, url
from claimsctl.doctor.runner import (
    Check,
    Report,
    calls_max,
    finding,
    known_prefixes,
    run_checks,
    selected_checks,
)
from claimsctl.doctor.target import Expectations, Target
from claimsctl.errors import OperatorError
from claimsctl.judge.finding import Finding, Level, NoResult

from tests.doctor.reports import answered, unanswered

TARGET = Target("https://claims.example.com/", Expectations(bearer="given"))
HYG, LAT, ROB = "HYG001", "LAT001", "ROB001"


def _finds(id_: str, level: Level, evidence: str = "x", *, needs: tuple[str, ...] = ()) -> Check:
    return Check((id_,), lambda _: [finding(id_, level, evidence)], needs=needs)


def _by_id(report: Report) -> dict[str, Finding]:
    return {each.id: each for each in report.findings}


@pytest.mark.parametrize(
    ("level", "evidence"),
    [
        (Level.FAIL, "needs HYG001, which failed"),
        (Level.SKIP, "needs HYG001, which was skipped: x"),
    ],
)
def test_a_check_is_skipped_when_what_it_needs_has_failed(level: Level, evidence: str) -> None:
    """The reason names the missing finding, and if that was skipped, its reason."""
    report = run_checks(TARGET, [_finds(HYG, level), _finds(LAT, Level.OK, needs=(HYG,))])
    skipped = _by_id(report)[LAT]
    assert (Level.SKIP, evidence) == (skipped.level, skipped.evidence)
    assert NoResult.PREREQUISITE is skipped.no_result


def test_a_chain_of_skips_names_the_first_cause() -> None:
    """Every check that follows from a failure names that failure, not the skip before it."""
    checks = [
        _finds(HYG, Level.FAIL),
        _finds(LAT, Level.OK, needs=(HYG,)),
        _finds(ROB, Level.OK, needs=(LAT,)),
    ]
    assert "needs HYG001, which failed" == _by_id(run_checks(TARGET, checks))[ROB].evidence
    plain = [_finds(HYG, Level.SKIP, "needs IPv6"), _finds(LAT, Level.OK, needs=(HYG,))]
    evidence = _by_id(run_checks(TARGET, plain))[LAT].evidence
    assert "needs HYG001, which was skipped: needs IPv6" == evidence


def test_a_warning_stops_nothing() -> None:
    """Only a failure or a skip prevents a later check."""
    report = run_checks(
        TARGET, [_finds(HYG, Level.WARN), _finds(LAT, Level.OK, "went on", needs=(HYG,))]
    )
    assert "went on" == _by_id(report)[LAT].evidence


def test_a_check_that_breaks_says_so() -> None:
    """A failing check keeps its findings and reports a warning with the reason, no traceback."""

    def break_off(run: Run) -> Iterator[Finding]:
        yield from url.CHECK.run(run)
        message = "no such thing"
        raise LookupError(message)

    findings = _by_id(run_checks(TARGET, [Check((*url.CHECK.ids, HYG), break_off)]))
    assert Level.OK is findings["URL001"].level
    broken = findings[HYG]
    assert (Level.WARN, NoResult.BROKEN) == (broken.level, broken.no_result)
    assert "the check itself failed: LookupError: no such thing" == broken.evidence


def test_a_check_that_says_nothing_says_so() -> None:
    """Each id is in every report."""
    (broken,) = run_checks(TARGET, [Check((HYG,), lambda _: ())]).findings
    assert "the check itself failed: it reported nothing" == broken.evidence


def test_what_the_operator_must_mend_ends_the_command() -> None:
    """An error in this machine's settings is not reported as the endpoint's."""

    def fail(_: Run) -> Iterator[Finding]:
        message = "SSL_CERT_FILE x: no certificates"
        raise OperatorError(message)

    with pytest.raises(OperatorError):
        run_checks(TARGET, [Check((HYG,), fail)])


def test_a_run_keeps_the_invalid_token_that_was_accepted() -> None:
    """It is used if the operator gave no token."""
    for given, expected in ((None, "invalid"), ("given", "given")):
        run = Run(Target(TARGET.url, Expectations(bearer=given)))
        assert given == run.bearer
        run.accepted_invalid_token = "invalid"
        assert expected == run.bearer


def test_the_first_call_is_the_second_where_only_that_was_answered() -> None:
    """After a late first answer, the second call is used."""
    first, second = unanswered("a", CallId.FIRST), answered("b", id_=CallId.SECOND)
    assert first is Run(TARGET, [first]).first_call()
    assert second is Run(TARGET, [first, second]).first_call()
    late = unanswered("b", CallId.SECOND)
    assert first is Run(TARGET, [first, late]).first_call()


def test_selected_checks_come_with_what_they_need() -> None:
    """Selected checks run in order, with fewer calls than all checks."""
    selected = selected_checks(ENDPOINT_CHECKS, ["con"])
    ids = [id_ for check in selected for id_ in check.ids]
    assert ["DNS001", "HTTP001", "AUT005", "CON001"] == [
        id_ for id_ in ids if id_ in {"DNS001", "HTTP001", "AUT005", "CON001"}
    ]
    assert "LAT001" not in ids
    assert calls_max(selected) < calls_max(ENDPOINT_CHECKS)
    assert ENDPOINT_CHECKS == selected_checks(ENDPOINT_CHECKS, [])


def test_a_prefix_of_no_finding_is_refused() -> None:
    """An unknown prefix is refused, because it would select or ignore nothing."""
    with pytest.raises(OperatorError, match="--select TSL: no finding has this prefix"):
        selected_checks(ENDPOINT_CHECKS, ["TSL"])
    with pytest.raises(OperatorError, match="--ignore TSL: no finding has this prefix"):
        known_prefixes(["TSL"])
    assert ("TLS",) == known_prefixes([" tls"])
