"""Formats of a suite's report: JSON, and JUnit XML for a pipeline's test results."""

from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from claimsctl.tap.replay import CaseResult, RecordedVerdict, SuiteReport
from claimsctl.text import xml_text

FORMAT_VERSION: Final = 1


def document(report: SuiteReport) -> dict[str, Any]:
    """Return the report as a JSON object with claim names only and masked evidence."""
    return {
        "version": FORMAT_VERSION,
        "url": report.url,
        "passed": len(report.results) - report.failed,
        "failed": report.failed,
        "cases": [_case_document(each) for each in report.results],
        "skipped": [{"name": each.name, "reason": each.reason} for each in report.skipped],
    }


def _case_document(result: CaseResult) -> dict[str, Any]:
    verdict, answer = result.verdict, result.result.last.answer
    return {
        "name": result.case.name,
        "passed": result.passed,
        "status": None if answer is None else answer.status,
        "elapsed_ms": round(result.elapsed_ms, 1),
        "verdict": verdict.document() | {"claims": sorted(verdict.claims)},
        "missing_claims": list(result.missing_claims),
        "recorded": _recorded_document(result.case.recorded),
    }


def _recorded_document(recorded: RecordedVerdict | None) -> dict[str, Any] | None:
    if recorded is None:
        return None
    return {
        "verdict": "accepted" if recorded.accepted else "rejected",
        "entra_code": recorded.entra_code,
        "claims": sorted(recorded.claims),
    }


def junit(report: SuiteReport) -> str:
    """Return a test case for each callout."""
    suites = Element("testsuites")
    suite = SubElement(
        suites,
        "testsuite",
        name=xml_text(f"claimsctl callouts {report.url}"),
        tests=str(len(report.results) + len(report.skipped)),
        failures=str(report.failed),
        skipped=str(len(report.skipped)),
        errors="0",
        time=f"{sum(each.elapsed_ms for each in report.results) / 1000:.3f}",
    )
    for result in report.results:
        case = _case(suite, result.case.name)
        case.set("time", f"{result.elapsed_ms / 1000:.3f}")
        if result.problem:
            failure = SubElement(case, "failure", message=xml_text(result.problem))
            failure.text = "\n".join(map(xml_text, _lines(result)))
    for skipped in report.skipped:
        SubElement(_case(suite, skipped.name), "skipped", message=xml_text(skipped.reason))
    SubElement(suite, "system-out").text = xml_text(report.headline())
    return tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: Element, name: str) -> Element:
    return SubElement(suite, "testcase", classname="claimsctl.callouts", name=xml_text(name))


def _lines(result: CaseResult) -> list[str]:
    """Return what was expected, what to do, and what was recorded."""
    finding, recorded = result.verdict.first_failure, result.case.recorded
    lines = []
    if finding is not None:
        lines += [f"expected {finding.expected}", finding.hint, f"Entra: {finding.entra_code}"]
    if recorded is not None:
        lines.append(f"recorded: {recorded.entra_code or 'accepted'}")
    return lines
