"""Time, status and content type: the answers that Entra rejects before reading the body."""

import pytest
from claimsctl.judge.attempt import Answer
from claimsctl.judge.judge import judge

from tests.judge.answers import body_with_claims

GOOD = body_with_claims({"a": "b"})


def _answer(*headers: tuple[str, str], status: int = 200, ms: float | None = None) -> Answer:
    return Answer(status, headers, GOOD, ms)


JSON = ("content-type", "application/json")


@pytest.mark.parametrize(
    ("headers", "evidence", "hint"),
    [
        ([], "no content-type header", "API Gateway, send text/plain"),
        (
            [("content-type", "text/plain")],
            "content-type: text/plain",
            "some platforms, including API Gateway",
        ),
        ([("Content-Type", "text/html; x")], "content-type: text/html; x", "what sends the page"),
        (
            [JSON, ("content-type", "text/html")],
            "content-type: application/json, content-type: text/html",
            "what sends the page",
        ),
    ],
)
def test_a_wrong_content_type_is_told_as_it_came(
    headers: list[tuple[str, str]], evidence: str, hint: str
) -> None:
    """Every content-type header is shown, and the hint is for the wrong one."""
    (finding,) = judge(_answer(*headers)).findings
    assert ("RSP002", 1003006, evidence) == (finding.id, finding.entra_code, finding.evidence)
    assert hint in finding.hint


@pytest.mark.parametrize(
    ("charset", "warned"),
    [("utf-8", False), ('"UTF-8"', False), ("utf8", False), ("iso-8859-1", True), ("utf-16", True)],
)
def test_a_charset_that_json_has_not(charset: str, *, warned: bool) -> None:
    """A charset other than UTF-8 causes a warning, because JSON is always UTF-8."""
    verdict = judge(_answer(("content-type", f"application/json; Charset={charset}")))
    assert (["RSP018"] if warned else []) == [finding.id for finding in verdict.findings]


def test_a_401_that_says_nothing_may_want_a_key() -> None:
    """With a body or a challenge the service says what it wants."""
    hints = [
        judge(Answer(401, headers, body)).findings[0].hint
        for headers, body in (((), b""), ((), b"{}"), ((("www-authenticate", "Bearer"),), b""))
    ]
    assert [True, False, False] == [
        "Azure Function that is called without its key" in hint for hint in hints
    ]


@pytest.mark.parametrize(
    ("status", "headers", "evidence", "hint"),
    [
        (302, [("Location", "/callout/")], "status 302 to /callout/", "extension's targetUrl"),
        (302, [("Location", "/login")], "status 302 to /login", "accept bearer tokens"),
        (
            302,
            [("Location", "https://contoso.ciamlogin.com/x/oauth2/v2.0/authorize")],
            "status 302 to https://contoso.ciamlogin.com/x/oauth2/v2.0/authorize",
            "accept bearer tokens",
        ),
        (
            401,
            [("WWW-Authenticate", 'Basic realm="x"')],
            'status 401, www-authenticate: Basic realm="x"',
            "requires Basic, not a bearer token",
        ),
        (308, [], "status 308 without a location", "extension's targetUrl"),
        (
            401,
            [("WWW-Authenticate", 'Bearer error="invalid_token"')],
            'status 401, www-authenticate: Bearer error="invalid_token"',
            "iss, aud and azp",
        ),
        (404, [], "status 404", "path of the target URL"),
        (418, [], "status 418", "own log"),
        (204, [JSON], "status 204", "with status 200"),
    ],
)
def test_a_status_is_told_with_what_goes_with_it(
    status: int, headers: list[tuple[str, str]], evidence: str, hint: str
) -> None:
    """A finding shows a redirect's target, a challenge's text, and one thing to do."""
    (finding,) = judge(_answer(*headers, status=status)).findings
    assert ("RSP001", evidence) == (finding.id, finding.evidence)
    assert hint in finding.hint


@pytest.mark.parametrize(
    ("took", "wait", "late"),
    [(1001, 1000, True), (1000, 1000, False), (None, 1000, False), (9000, None, False)],
)
def test_an_answer_that_comes_too_late(took: float | None, wait: int | None, *, late: bool) -> None:
    """An answer must be within the wait; without a wait or a time, it is not judged."""
    verdict = judge(_answer(JSON, ms=took), wait)
    assert ([1003005] if late else []) == [finding.entra_code for finding in verdict.findings]


def test_too_late_comes_before_everything() -> None:
    """If the answer is late, its status does not count: Entra has already disconnected."""
    verdict = judge(_answer(status=500, ms=2001), 2000)
    assert ["RSP016", "RSP001"] == [finding.id for finding in verdict.findings]
