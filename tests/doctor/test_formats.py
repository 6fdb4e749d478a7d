"""Reports for other programs: JUnit's XML, Markdown, JSON."""

import json
from xml.etree import ElementTree as ET

import pytest
from claimsctl.doctor.formats import json as json_format
from claimsctl.doctor.formats import junit, markdown
from claimsctl.doctor.runner import finding
from claimsctl.judge.finding import Level

from tests.doctor.reports import (
    FAILED,
    FINE,
    HOSTILE,
    SKIPPED,
    URL,
    WARNED,
    answered,
    report,
    unanswered,
)

EVERYTHING = report(
    FINE, WARNED, FAILED, SKIPPED, calls=(answered("contract: a"), unanswered("contract: b"))
)


@pytest.mark.parametrize(
    ("strict", "failures"), [(False, ["CON001"]), (True, ["HYG002", "CON001"])]
)
def test_junit_has_a_case_for_each_finding(strict: bool, failures: list[str]) -> None:  # noqa: FBT001
    """What failed is a failure, strictly what warned too; what was skipped says why."""
    (suite,) = ET.fromstring(junit.render(EVERYTHING, strict=strict))
    cases = suite.findall("testcase")
    assert 4 == len(cases) == int(suite.attrib["tests"])
    failed = [case.attrib["name"][:6] for case in cases if case.find("failure") is not None]
    assert failures == failed
    assert str(len(failures)) == suite.attrib["failures"]
    (skipped,) = suite.findall("testcase/skipped")
    assert "needs CON001, which failed" == skipped.attrib["message"]
    assert "claimsctl.doctor.CON" in {case.attrib["classname"] for case in cases}


def test_junit_bears_whatever_an_endpoint_sends() -> None:
    """What XML cannot hold is replaced, what it would read as markup is text."""
    (suite,) = ET.fromstring(
        junit.render(report(finding("CON001", Level.FAIL, HOSTILE)), strict=False)
    )
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.attrib["message"].startswith("<script>alert(1)</script>")


def test_markdown_begins_with_the_cause_and_lists_everything() -> None:
    """The cause comes first, then a row for each finding, then what to do."""
    lines = markdown.render(EVERYTHING).splitlines()
    assert r"## ❌ CON001 A member signs in: a member: status 500 \(Entra: 1003002\)" == lines[0]
    assert f"`{URL}`" == lines[2]
    rows = [line for line in lines if line.startswith("| ") and "|---" not in line][1:]
    assert 4 == len(rows)
    assert "- **CON001** Look there." in lines


def test_markdown_is_not_steered_by_an_endpoint() -> None:
    """It cannot add a link, a tag, a table or a line."""
    found = finding("CON001", Level.FAIL, HOSTILE + "\n# A heading")
    text = markdown.render(report(found, url=f"{URL}`<b>"))
    assert "<script>" not in text
    assert "](javascript" not in text
    assert "\n# A heading" not in text
    (row,) = (line for line in text.splitlines() if line.startswith("| ❌"))
    assert 5 == row.replace(r"\|", "").count("|")


def test_json_has_findings_and_exchanges() -> None:
    """A program gets the cause, every finding, and how long each call took in which phase."""
    document = json.loads(json.dumps(json_format.document(EVERYTHING)))
    assert ("fail", 1003002) == (document["level"], document["entra_code"])
    assert ["URL001", "HYG002", "CON001", "ROB001"] == [each["id"] for each in document["findings"]]
    first, second = document["exchanges"]
    assert (200, None, "accepted") == (first["status"], first["no_answer"], first["verdict"])
    assert (None, "timeout", "rejected") == (
        second["status"],
        second["no_answer"],
        second["verdict"],
    )
    assert {"dns": 5.0, "first_byte": 45.0} == first["timings_ms"]
