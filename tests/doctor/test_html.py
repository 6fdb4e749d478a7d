"""The HTML page is self-contained, and safe for anything that an endpoint sends."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from claimsctl.doctor.formats import html as html_format
from claimsctl.doctor.runner import Report, finding
from claimsctl.judge.finding import Level

from tests.doctor.reports import (
    FAILED,
    FINE,
    HOSTILE,
    PROTECTED,
    SKIPPED,
    WARNED,
    answered,
    report,
    unanswered,
)

MOMENT = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
WAIT_MS = 1000
_VOID = {"meta"}


class _Reader(HTMLParser):
    """Tags, texts and attributes; fails where tags do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert [] == self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data


def _page(found: Report, wait_ms: int = WAIT_MS) -> _Reader:
    return _Reader(html_format.render(found, wait_ms, MOMENT))


EVERYTHING = report(
    FINE,
    WARNED,
    FAILED,
    SKIPPED,
    calls=(answered("contract: a member"), unanswered("contract: a guest")),
)


def test_nothing_comes_from_elsewhere() -> None:
    """The page loads no script, image, font or style; it only contains links."""
    read = _page(EVERYTHING)
    for tag, attributes in read.tags:
        assert tag not in {"script", "img", "link", "iframe", "object"}
        assert "src" not in attributes
        assert "a" == tag or "href" not in attributes
    assert "url(" not in read.text
    assert "@import" not in read.text
    (policy,) = (
        attributes["content"]
        for tag, attributes in read.tags
        if "meta" == tag and "content-security-policy" == attributes.get("http-equiv")
    )
    assert "default-src 'none'; style-src 'unsafe-inline'" == policy


def test_what_an_endpoint_sends_is_text() -> None:
    """Markup in evidence, purpose or URL is shown as text."""
    found = finding("CON001", Level.FAIL, HOSTILE, hint=HOSTILE, expected=HOSTILE)
    made = answered(f"contract: {HOSTILE}")
    read = _page(report(found, calls=(made,), url=f"https://x/{HOSTILE}"))
    assert "<script>alert(1)</script>" in read.text
    assert "script" not in {tag for tag, _ in read.tags}
    assert {"\n"} >= {each for each in read.text if not each.isprintable()}
    html_format.render(report(found), WAIT_MS, MOMENT).encode("utf-8")


def test_every_finding_is_there() -> None:
    """Each by its id; what is wrong has what is expected, what to do, and where it is explained."""
    read = _page(EVERYTHING)
    for each in EVERYTHING.findings:
        assert each.id in read.text
        assert each.evidence in read.text
    for text in ("Switch it off.", "Look there.", "1003002; interpretation by claimsctl"):
        assert text in read.text
    for id_, is_explained in (("HYG002", True), ("CON001", True), ("URL001", False)):
        assert is_explained == (f"docs/findings.md#{id_.lower()}" in read.text)


@pytest.mark.parametrize(
    ("found", "pill"),
    [
        (report(FINE, FAILED), "problems found"),
        (report(FINE, WARNED), "no failures, but warnings"),
        (report(FINE), "no problems found"),
        (report(FINE, PROTECTED), "contract not tested"),
    ],
)
def test_the_verdict_comes_first(found: Report, pill: str) -> None:
    """The first words of the page and its title give the result."""
    text = html_format.render(found, WAIT_MS, MOMENT)
    body = text.partition("<main>")[2]
    first = re.search(r">([^<>\n]+)<", body)
    assert first is not None
    assert pill == first[1]
    assert f"<title>{pill}: " in text


def test_what_is_wrong_is_open_and_the_rest_closed() -> None:
    """Failures and warnings are expanded when the page opens."""
    opened = [
        "open" in attributes for tag, attributes in _page(EVERYTHING).tags if "details" == tag
    ]
    assert [False, True, False, True] == opened


def _left_and_width(read: _Reader) -> list[tuple[str, float, float]]:
    found = []
    for tag, attributes in read.tags:
        style = attributes.get("style") or ""
        match = re.fullmatch(r"left:([\d.]+)%;width:([\d.]+)%", style)
        if "i" == tag and match:
            found.append((str(attributes["class"]), float(match[1]), float(match[2])))
    return found


def test_bars_are_as_long_as_the_phases_took() -> None:
    """Each phase begins where the previous one ended, within the chart."""
    read = _page(report(FINE, calls=(answered("a", elapsed_ms=100.0),)))
    (name, start, width), (other, next_start, next_width) = _left_and_width(read)
    assert ("dns", "first_byte") == (name, other)
    assert 0 == start
    assert width == pytest.approx(next_start, abs=0.1)
    assert next_width == pytest.approx(9 * width, rel=0.01)
    assert next_start + next_width <= 100


@pytest.mark.parametrize(("elapsed_ms", "drawn"), [(50.0, False), (1000.0, True)])
def test_entras_wait_is_drawn_where_it_matters(elapsed_ms: float, drawn: bool) -> None:  # noqa: FBT001
    """The timeout's line is drawn if a call was near it; otherwise the page says so."""
    read = _page(report(FINE, calls=(answered("a", elapsed_ms=elapsed_ms),)))
    limits = [tag for tag, attributes in read.tags if "limit" == attributes.get("class")]
    assert drawn == bool(limits)
    assert drawn != ("outside this chart" in read.text)


def test_sizes_are_shown_against_the_limit() -> None:
    """Each answer of the contract checks has a bar for its share of 3 KB."""
    read = _page(EVERYTHING)
    assert "Size of the claims, of 3072 bytes" in read.text
    (bar,) = (attributes for tag, attributes in read.tags if "size" == attributes.get("class"))
    assert re.fullmatch(r"width:1[.]\d\d%", str(bar["style"]))
