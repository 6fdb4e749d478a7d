"""Reports for other programs: JUnit XML, Markdown and JSON."""

import json
import re
from xml.etree import ElementTree as ET

import pytest
from claimsctl.doctor.formats import json as json_format
from claimsctl.doctor.formats import junit, markdown
from claimsctl.doctor.runner import finding
from claimsctl.judge.finding import Level
from claimsctl.text import escaped

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
    """A failure fails, with `strict` a warning too; a skipped check gives the reason."""
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
    """Characters that XML does not allow are replaced, and markup is escaped."""
    (suite,) = ET.fromstring(
        junit.render(report(finding("CON001", Level.FAIL, HOSTILE)), strict=False)
    )
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.attrib["message"].startswith("<script>alert(1)</script>")
    for text in (failure.attrib["message"], failure.text or ""):
        assert all(part.isprintable() for part in text.splitlines())
    assert 3 == len((failure.text or "").splitlines())


def test_markdown_begins_with_the_cause_and_lists_everything() -> None:
    """The cause comes first, then a row for each finding, then what to do."""
    lines = markdown.render(EVERYTHING).splitlines()
    assert "## ❌ `CON001 A member signs in: a member: status 500 (Entra: 1003002)`" == lines[0]
    assert f"`{URL}`" == lines[2]
    rows = [line for line in lines if line.startswith("| ") and "|---" not in line][1:]
    assert 4 == len(rows)
    assert "- **CON001** Look there. (`docs/findings.md#con001`)" in lines


def test_markdown_is_not_steered_by_an_endpoint() -> None:
    """An endpoint's text cannot add a link, a tag, a table or a line."""
    found = finding("CON001", Level.FAIL, HOSTILE + "\n# A heading")
    text = markdown.render(report(found, url=f"{URL}`<b>"))
    assert "\n# A heading" not in text
    (row,) = (line for line in text.splitlines() if line.startswith("| ❌"))
    assert 5 == row.count("|")
    for line in text.splitlines():
        assert line.isprintable()
        assert 0 == line.count("`") % 2
    assert not re.search(r"[<>@\[\]#]", re.sub("`[^`]*`|^#+ ", "", text, flags=re.MULTILINE))


@pytest.mark.parametrize(
    "active",
    ["@octocat", "a@b.example", "https://evil.example", "www.evil.example", "WWW.evil.example",
     "evil.example", "#1", "org/repo#1", "GH-1", "!1", "~label", "%1", "&1", "$1", "JIRA-1",
     "0123456789abcdef", "12345678", ":tada:", "[x](http://y)", "<b>", "*x*", "_x_", "x | y",
     "mailto:a", "\\`x", "a`b`c", "\u202ex"],
)  # fmt: skip
@pytest.mark.parametrize("place", ["evidence", "hint"])
def test_markdown_makes_nothing_active(active: str, place: str) -> None:
    """Links, mentions and references are written as code."""
    texts = {"evidence": "x", "hint": "", place: f"see {active} there"}
    found = finding("CON001", Level.FAIL, texts["evidence"], hint=texts["hint"])
    text = markdown.render(report(found))
    spelled = escaped(active).replace("`", r"\u0060").replace("|", r"\u007c")
    assert f"`see {spelled} there`" in text
    outside = re.sub("`[^`]*`", "", text)
    assert spelled not in outside
    assert not re.search(r"@|://|www|[0-9a-f]{7}", outside)


def test_json_has_findings_and_exchanges() -> None:
    """The JSON has the cause, every finding, and the time of each phase of each call."""
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
