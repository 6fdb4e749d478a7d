"""What is shown of answers that strangers have made."""

import gzip
import json
from typing import Any

import pytest
from claimsctl.cli.doctor_endpoint import report_view
from claimsctl.cli.item_view import item_lines
from claimsctl.cli.views import _excerpt, answer_view, json_view, verdict_view
from claimsctl.doctor.runner import finding
from claimsctl.judge.attempt import Answer
from claimsctl.judge.finding import Level, Place
from claimsctl.judge.judge import judge
from claimsctl.text import escaped
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from tests.doctor.reports import HOSTILE, report
from tests.effort import tries
from tests.judge.answers import answer_of, body_with_claims


def _shown(view: RenderableType) -> str:
    console = Console(width=200, color_system="truecolor", force_terminal=True, no_color=False)
    with console.capture() as capture:
        console.print(view)
    return capture.get()


def _plain(view: RenderableType) -> str:
    console = Console(width=200, color_system=None, force_terminal=False, soft_wrap=True)
    with console.capture() as capture:
        console.print(view)
    return capture.get()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é \U0001f600", "plain é \U0001f600"),
        ("a\x1b[31mb", "a\\u001b[31mb"),
        ("a\x9b31mb\x07", "a\\u009b31mb\\u0007"),
        ("two\r\nlines", "two\\u000d\\u000alines"),
        ("lone \ud800", "lone \\ud800"),
        ("[red]markup[/]", "[red]markup[/]"),
    ],
)
def test_nobody_elses_text_steers_a_terminal(text: str, shown: str) -> None:
    """Control characters and lone surrogates are escaped; everything else is shown."""
    assert shown == escaped(text)


@pytest.mark.parametrize(
    "value",
    ["\x1b[31m\x9b\x07", ["\x9b", "\x7f"], "[bold]x[/]", "\ud800", "\u202e\u2028\U000e0041"],
)
def test_claims_are_shown_as_they_are(value: Any) -> None:
    """Name and value are shown in one line each, escapes and markup as text."""
    answer = answer_of(body_with_claims({f"n{value}": value}))
    for view in (answer_view(answer), verdict_view(judge(answer))):
        plain = _plain(view)
        assert {"\n"} >= {character for character in plain if not character.isprintable()}
    assert escaped(json.dumps(value, ensure_ascii=False)) in plain


def test_a_report_at_a_terminal_shows_text_only() -> None:
    """A certificate's name, a header, whatever a finding quotes."""
    for level in Level:
        found = finding("TLS005", level, HOSTILE, hint=HOSTILE, expected=HOSTILE)
        plain = _plain(report_view(report(found)))
        assert escaped(HOSTILE) in plain
        assert {"\n"} >= {character for character in plain if not character.isprintable()}


def test_an_item_at_a_terminal_shows_text_only() -> None:
    """Keys, names and values of an item are untrusted."""
    stored = {
        "pk": {"S": f"USER#{HOSTILE}"},
        "sk": {"S": f"CLAIMS#{HOSTILE}"},
        "claims": {"M": {HOSTILE: {"S": HOSTILE}}},
        "hidden_claims": {"SS": [HOSTILE]},
    }
    for line in item_lines(stored, 0):
        assert line.plain.isprintable()
        assert "octocat" in line.plain


def test_names_that_look_alike_are_both_shown() -> None:
    """An escape and its spelling are two claims."""
    answer = answer_of(body_with_claims({"\x1b": "one", "\\u001b": "two"}))
    shown = _plain(verdict_view(judge(answer)))
    assert (1, 1) == (shown.count('"one"'), shown.count('"two"'))


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"a":[1]}', '{\n  "a": [\n    1\n  ]\n}\n'),
        (b"<html>\r\n<title>Caf\xc3\xa9", "<html>\n<title>Café\n"),
        (b"", "(empty body)\n"),
        (b"\xff\x1b", "\ufffd\\u001b\n"),
        (b"[" * 100_000, None),
    ],
    ids=["json", "html", "empty", "bytes", "deep"],
)
def test_any_body_can_be_shown(body: bytes, shown: str | None) -> None:
    """JSON is indented; any other body is shown as text, without control characters."""
    plain = _plain(json_view(body))
    assert plain.startswith("[[[") if shown is None else shown == plain


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 250 + b"1," * 60_000 + b"1" + b"]" * 250,
        b'"' + b"x" * 120_000 + b'"',
        b"[" + b'"",' * 40_000 + b'""]',
        b"<" * 4_000_000,
        b"[" * 4_000_000,
    ],
    ids=["deep", "long", "many", "page", "brackets"],
)
def test_of_a_large_body_the_beginning_is_shown(body: bytes) -> None:
    """Indented, its sixty thousand numbers would have thirty million blanks."""
    plain = _plain(json_view(body))
    assert 15_000 < len(plain) < 17_000
    assert f"… (the body has {len(body)} bytes)" == plain.splitlines()[-1]


def test_a_long_line_has_no_colour() -> None:
    """The highlighter takes the square of its length: digits before a letter would hold it up."""
    text = json_view(json.dumps({"a": 1, "b": "1" * 3000 + "x"}).encode())
    begin, end = text.plain.index('"b"'), text.plain.index("}")
    assert text.spans
    assert all(span.end <= begin or span.start >= end for span in text.spans)


def test_a_compressed_body_is_shown_unpacked() -> None:
    """A proxy that compresses unasked: the page is what helps, not its bytes."""
    answer = Answer(502, (("content-encoding", "gzip"),), gzip.compress(b"<p>Bad Gateway</p>"))
    assert "<p>Bad Gateway</p>" in _plain(answer_view(answer))


def test_an_answer_without_a_content_type() -> None:
    """A missing content type is named; the time is shown where it is known."""
    assert (
        "503  no content type  12 ms"
        == _plain(answer_view(Answer(503, (), b"", 12.3))).splitlines()[0]
    )


def test_every_finding_is_reported() -> None:
    """The verdict's cause first, then each finding with place, evidence and what to do."""
    body = b'{\n"data": null}'
    verdict = judge(answer_of(body, content_type="text/plain\x1b"))
    lines = _plain(verdict_view(verdict, body)).splitlines()
    assert [
        "Entra would refuse this answer: 1003006, The content type is not application/json",
        "",
        "RSP002  fail  The content type is not application/json  (1003006)",
        "  found     content-type: text/plain\\u001b",
        "  expected  content-type: application/json, once",
    ] == lines[:5]
    assert [
        "RSP005  fail  data is not an object  (1003003)",
        "  at        line 2, column 9, /data",
        '         2  "data": null}',
        "                    ^",
        "  found     null",
    ] == lines[7:12]


@pytest.mark.parametrize(
    ("text", "place", "shown"),
    [
        ("", Place(1, 1), []),
        ("a\nb", Place(3, 1), []),
        ("a\r\nbc", Place(1, 1), ["         1  a", "            ^"]),
        ("ab", Place(1, 9), ["         1  ab", "              ^"]),
        ('{"a"\n \n', Place(3, 1), ['         1  {"a"', " " * 16 + "^"]),
        ("\x1bx", Place(1, 2), ["         1  \\u001bx", "                  ^"]),
        ("漢字x", Place(1, 3), ["         1  漢字x", "                ^"]),
        (
            "x" * 200,
            Place(1, 100),
            [f"         1  …{'x' * 76}…", " " * 49 + "^"],
        ),
        ("x" * 90, Place(1, 3), [f"         1  {'x' * 76}…", " " * 14 + "^"]),
    ],
)
def test_the_caret_is_below_the_place(text: str, place: Place, shown: list[str]) -> None:
    """Whatever the line holds: long, wide, or what a terminal must not get."""
    assert shown == [line.plain for line in _excerpt(text, place)]


def test_the_same_advice_is_given_once() -> None:
    """A finding with the advice of an earlier one refers to it."""
    body = b"<html><title>Sign in</title>"
    verdict = judge(answer_of(body, content_type="text/html"))
    first, second = verdict.findings
    assert first.hint == second.hint
    shown = _plain(verdict_view(verdict, body))
    assert (1, 1) == (shown.count(first.hint), shown.count(f"  do        As for {first.id}.\n"))


pieces = st.sampled_from(
    [b"{", b"}", b"[", b'"data": ', b'"a": ', b"null", b",", b"\n", b"\r", b"\x1b", b"\xef\xbb\xbf"]
)


@settings(max_examples=tries(200), deadline=None)
@given(st.lists(pieces | st.binary(max_size=4), max_size=12).map(b"".join))
def test_findings_of_any_body_can_be_shown(body: bytes) -> None:
    """Whatever bytes are judged, the view has a verdict and nothing that steers a terminal."""
    shown = _plain(verdict_view(judge(answer_of(body)), body))
    assert shown.startswith("Entra would ")
    assert "\x1b" not in shown


def test_a_size_beyond_the_limit_fills_the_bar() -> None:
    """More than 3 KB is a full bar, and a number that says by how much."""
    verdict = judge(answer_of(body_with_claims({"n": "x" * 9000})))
    bar = _plain(verdict_view(verdict)).splitlines()[1]
    assert (24, 0, True) == (bar.count("█"), bar.count("░"), bar.endswith("9001 of 3072 bytes"))


@pytest.mark.parametrize(
    ("size", "cells"), [(1, 1), (64, 1), (1536, 12), (3071, 24), (3072, 24)], ids=str
)
def test_the_bar_shows_the_share_of_3_kb(size: int, cells: int) -> None:
    """Something is there as soon as there is a claim, and full is 3072 bytes."""
    verdict = judge(answer_of(body_with_claims({"n": "x" * (size - 1)})))
    bar = _plain(verdict_view(verdict)).splitlines()[-1]
    assert (cells, 24 - cells) == (bar.count("█"), bar.count("░"))
    assert bar.endswith(f"  {size} of 3072 bytes")


def test_a_terminal_sees_colour() -> None:
    """On a terminal acceptance is green and refusal red."""
    assert "\x1b[1;32m" in _shown(verdict_view(judge(answer_of(body_with_claims({})))))
    assert "\x1b[1;31m" in _shown(verdict_view(judge(answer_of(b""))))
