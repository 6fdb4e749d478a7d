"""Each case of the table of platforms is recognised by its answer, and nothing of a service is."""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from claimsctl.doctor.checks import http, tcp
from claimsctl.doctor.protection import read_refusal
from claimsctl.doctor.runner import run_checks
from claimsctl.doctor.target import Expectations, Target
from claimsctl.entra.client import send_callout
from claimsctl.judge.attempt import Answer
from claimsctl.judge.finding import Level
from claimsctl.judge.judge import judge
from claimsctl.judge.platforms import platform_of, platforms

from tests.endpoints import GOOD
from tests.simulated_services.platform_answers import (
    PlatformAnswer,
    headers_behind,
    platform_answers,
    sending,
)
from tests.simulated_services.server import serving

ANSWERS = platform_answers()
TABLE = {(each.name, each.case): each for each in platforms()}
REDIRECTS = range(300, 400)
WAIT_MS = 20_000
each_answer = pytest.mark.parametrize(
    ("number", "expected"),
    list(enumerate(ANSWERS)),
    ids=[f"{each.name}: {each.case[:40]}, {each.answer.status}" for each in ANSWERS],
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server that sends each answer at the path of its number."""
    with serving(sending(lambda path: ANSWERS[int(path.strip("/"))].answer)) as (port, _):
        yield f"http://127.0.0.1:{port}"


def test_each_case_has_a_simulated_answer() -> None:
    """A case of the table without an answer here, or an answer of no case, is an error."""
    assert len(TABLE) == len(platforms()), "two cases of a platform have one name"
    assert TABLE.keys() == {(each.name, each.case) for each in ANSWERS}
    assert {name for name, _ in TABLE} == headers_behind().keys()


@each_answer
def test_an_answer_is_of_this_case_and_of_no_other_platform(
    number: int, expected: PlatformAnswer
) -> None:
    """The first entry that fits is the case's; no later entry of another platform fits too."""
    platform = platform_of(expected.answer)
    assert platform is TABLE[expected.name, expected.case], number
    text = expected.answer.body.decode()
    fitting = {each.name for each in platforms() if each.fits(expected.answer, text)}
    assert all(expected.name.startswith(name) for name in fitting), fitting


def _upper_case(answer: Answer) -> Answer:
    return replace(answer, headers=tuple((name.upper(), value) for name, value in answer.headers))


def _compressed(answer: Answer) -> Answer:
    if not answer.body:
        return answer
    headers = (*answer.headers, ("content-encoding", "gzip"))
    return replace(answer, headers=headers, body=gzip.compress(answer.body))


VARIATIONS: dict[str, Callable[[Answer], Answer]] = {
    "upper-case headers": _upper_case,
    "compressed": _compressed,
    "CRLF": lambda answer: replace(answer, body=answer.body.replace(b"\n", b"\r\n")),
    "one line": lambda answer: replace(answer, body=answer.body.replace(b"\n", b" ")),
    "a newline behind": lambda answer: replace(answer, body=answer.body and answer.body + b"\n"),
}


@pytest.mark.parametrize("variation", VARIATIONS)
@each_answer
def test_the_case_is_the_same_however_it_was_saved(
    number: int, expected: PlatformAnswer, variation: str
) -> None:
    """HTTP/2 writes names in lower case, proxies compress, editors change the ends of lines."""
    platform = platform_of(VARIATIONS[variation](expected.answer))
    assert platform is TABLE[expected.name, expected.case], number


@each_answer
def test_without_its_headers_it_is_nobody_elses(number: int, expected: PlatformAnswer) -> None:
    """What was saved without its head may not be recognised; it is never another platform's."""
    platform = platform_of(Answer(expected.answer.status, (), expected.answer.body))
    assert platform is None or expected.name.startswith(platform.name), number


@each_answer
def test_the_judge_names_the_case(number: int, expected: PlatformAnswer) -> None:
    """In what to do: who it is, what has happened, the one thing to do or the token's fault."""
    platform = TABLE[expected.name, expected.case]
    hints = [each.hint for each in judge(expected.answer).findings]
    named = [each for each in hints if each.startswith(f"This is {platform.name}: {platform.case}")]
    assert named, (number, hints)
    assert platform.do in named[0] or platform.knows_tokens


@each_answer
def test_the_doctor_names_the_case(number: int, expected: PlatformAnswer, url: str) -> None:
    """Over a real connection: as a page (HTTP003), or as a redirect (HTTP002)."""
    platform = TABLE[expected.name, expected.case]
    target = Target(f"{url}/{number}", Expectations(wait_ms=WAIT_MS))
    report = run_checks(target, (tcp.CHECK, http.CHECKS[0]))
    findings = {each.id: each for each in report.findings}
    found = findings["HTTP002" if expected.answer.status in REDIRECTS else "HTTP003"]
    assert platform.name in found.evidence
    assert platform.case in found.evidence
    assert (Level.OK if platform.knows_tokens else Level.FAIL) is found.level
    assert found.hint == ("" if platform.knows_tokens else platform.do)


@each_answer
def test_a_call_gets_the_same_case(number: int, expected: PlatformAnswer, url: str) -> None:
    """What comes off the wire is recognised as the saved answer is."""
    answer = send_callout(f"{url}/{number}", b"{}", {}, WAIT_MS).answer
    assert answer is not None
    assert platform_of(answer) is TABLE[expected.name, expected.case]


PROBLEM = (
    b'{"type":"about:blank","title":"Unauthorized","status":%d,"detail":"The token is missing."}'
)
OWN = {
    "problem+json": ("application/problem+json", PROBLEM),
    "the function's": ("application/problem+json",
                       b'{"title":"Unauthorized","status":%d,"code":"caller-refused"}'),
    "RFC 6750": ("application/json", b'{"error":"invalid_token","status":%d}'),
    "NestJS": ("application/json", b'{"statusCode":%d,"message":"Unauthorized"}'),
    "a text": ("text/plain; charset=utf-8", b"%d: a token is required"),
}  # fmt: skip


@pytest.mark.parametrize("behind", sorted(headers_behind()))
@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("status", [401, 403])
def test_the_services_own_refusal_is_not_the_platforms(behind: str, own: str, status: int) -> None:
    """Whatever it is behind; it speaks of tokens, so that it protects."""
    content_type, body = OWN[own]
    headers = (*headers_behind()[behind], ("content-type", content_type))
    answer = Answer(status, headers, body % status)
    assert platform_of(answer) is None
    assert read_refusal(answer).protects


@pytest.mark.parametrize("behind", sorted(headers_behind()))
def test_an_empty_401_that_asks_for_a_bearer_token_is_the_services(behind: str) -> None:
    """ASP.NET's, for one; older Caddys leave their name on it, and no Via."""
    headers = [each for each in headers_behind()[behind] if each[0] != "via"]
    answer = Answer(401, (*headers, ("www-authenticate", 'Bearer error="invalid_token"')), b"")
    assert platform_of(answer) is None


@pytest.mark.parametrize("behind", sorted(headers_behind()))
def test_a_services_failure_is_not_the_platforms(behind: str) -> None:
    """An error of its own, in JSON, with the headers of what is in front."""
    headers = (*headers_behind()[behind], ("content-type", "application/json"))
    for body in (b'{"error":{"code":"Internal","message":"boom"}}', b'{"message":"boom"}'):
        assert platform_of(Answer(500, headers, body)) is None


@pytest.mark.parametrize("behind", sorted(headers_behind()))
def test_claims_are_the_services(behind: str) -> None:
    """A good answer is nobody's page."""
    headers = (*headers_behind()[behind], ("content-type", "application/json"))
    answer = Answer(200, headers, GOOD)
    assert judge(answer).accepted
    assert platform_of(answer) is None
