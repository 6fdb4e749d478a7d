"""Which proxy or platform an answer is from."""

import pytest
from claimsctl.judge.attempt import Answer
from claimsctl.judge.intermediaries import intermediary_of

HTML = ("content-type", "text/html; charset=utf-8")
NGINX = b"<html><center><h1>%d</h1></center><hr><center>nginx</center></html>"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(404, (("Ngrok-Error-Code", "ERR_NGROK_3200"),), b""), "ngrok"),
        (Answer(502, (HTML,), NGINX % 502), "nginx"),
        (Answer(503, (), b"no healthy upstream"), "Envoy"),
        (Answer(500, (("apigw-requestid", "x"),), b'{"message":"Internal Server Error"}'),
         "API Gateway"),
    ],
    ids=["a-header", "a-page", "a-message", "both"],
)  # fmt: skip
def test_an_intermediary_is_known_by_its_page_or_header(answer: Answer, expected: str) -> None:
    """By a header's name in any case, by a page, by a short message; it says what to do."""
    found = intermediary_of(answer)
    assert found is not None
    assert expected == found.name
    assert found.hint


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, (("content-type", "application/json"),), b'{"error": "oops"}'),
        Answer(500, (), b'{"message":"Internal Server Error"}'),
        Answer(500, (), b"We run behind Envoy: no healthy upstream. " + b"x" * 600),
        *(Answer(status, (HTML,), NGINX % status) for status in (401, 403, 404, 405)),
    ],
    ids=["an-error", "no-header", "a-long-text", "401", "403", "404", "405"],
)
def test_the_services_own_answer_is_from_nobody_else(answer: Answer) -> None:
    """An error of its own, a text about a proxy, a web server's own refusal."""
    assert intermediary_of(answer) is None
