"""A report as JUnit's XML, for a pipeline's list of tests."""

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from claimsctl.doctor.runner import Report, headline
from claimsctl.judge.finding import Finding, Level
from claimsctl.text import escaped

# What XML 1.0 cannot hold, not even as a reference.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, *, strict: bool) -> str:
    """One test case for each finding: a failure for ``fail``, with `strict` for ``warn`` too."""
    failing = {Level.FAIL, Level.WARN} if strict else {Level.FAIL}
    suites = Element("testsuites")
    suite = SubElement(
        suites,
        "testsuite",
        name=_text(f"claimsctl doctor {report.url}"),
        tests=str(len(report.findings)),
        failures=str(sum(each.level in failing for each in report.findings)),
        skipped=str(sum(each.level is Level.SKIP for each in report.findings)),
        errors="0",
        time=f"{sum(each.attempt.elapsed_ms for each in report.calls) / 1000:.3f}",
    )
    for finding in report.findings:
        _add_case(suite, finding, failing)
    SubElement(suite, "system-out").text = _text(headline(report))
    return tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _add_case(suite: Element, finding: Finding, failing: set[Level]) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=f"claimsctl.doctor.{finding.id.rstrip('0123456789')}",
        name=_text(f"{finding.id} {finding.title}"),
    )
    if finding.level is Level.SKIP:
        SubElement(case, "skipped", message=_text(finding.evidence))
    elif finding.level in failing:
        failure = SubElement(case, "failure", message=_text(finding.evidence))
        lines = [f"expected {finding.expected}", finding.hint, finding.doc]
        lines += [f"Entra: {finding.entra_code}"] if finding.entra_code else []
        failure.text = "\n".join(map(_text, lines))
    else:
        SubElement(case, "system-out").text = _text(f"{finding.level.value}: {finding.evidence}")


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", escaped(text))
