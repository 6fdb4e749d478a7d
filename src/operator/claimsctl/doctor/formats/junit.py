"""A report as JUnit XML, for a pipeline's test results."""

from xml.etree.ElementTree import Element, SubElement, tostring

from claimsctl.doctor.runner import Report, headline
from claimsctl.judge.finding import Finding, Level
from claimsctl.text import xml_text


def render(report: Report, *, strict: bool) -> str:
    """Return one test case for each finding; with `strict`, ``warn`` is a failure too."""
    failing = {Level.FAIL, Level.WARN} if strict else {Level.FAIL}
    suites = Element("testsuites")
    suite = SubElement(
        suites,
        "testsuite",
        name=xml_text(f"claimsctl doctor {report.url}"),
        tests=str(len(report.findings)),
        failures=str(sum(each.level in failing for each in report.findings)),
        skipped=str(sum(each.level is Level.SKIP for each in report.findings)),
        errors="0",
        time=f"{sum(each.attempt.elapsed_ms for each in report.calls) / 1000:.3f}",
    )
    for finding in report.findings:
        _add_case(suite, finding, failing)
    SubElement(suite, "system-out").text = xml_text(headline(report))
    return tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _add_case(suite: Element, finding: Finding, failing: set[Level]) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=f"claimsctl.doctor.{finding.id.rstrip('0123456789')}",
        name=xml_text(f"{finding.id} {finding.title}"),
    )
    if finding.level is Level.SKIP:
        SubElement(case, "skipped", message=xml_text(finding.evidence))
    elif finding.level in failing:
        failure = SubElement(case, "failure", message=xml_text(finding.evidence))
        lines = [f"expected {finding.expected}", finding.hint, finding.doc]
        lines += [f"Entra: {finding.entra_code}"] if finding.entra_code else []
        failure.text = "\n".join(map(xml_text, lines))
    else:
        SubElement(case, "system-out").text = xml_text(f"{finding.level.value}: {finding.evidence}")
