"""Which proxy or platform an answer is from."""

import zlib

import pytest
from claimsctl.judge.attempt import Answer
from claimsctl.judge.platforms import platform_of, platforms
from claimsctl.judge.refusal import quoted

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
def test_a_platform_is_known_by_its_page_or_header(answer: Answer, expected: str) -> None:
    """By a header's name in any case, by a page, by a short message; it says what to do."""
    found = platform_of(answer)
    assert found is not None
    assert expected == found.name
    assert found.do


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, (("content-type", "application/json"),), b'{"error": "oops"}'),
        Answer(500, (), b'{"message":"Internal Server Error"}'),
        Answer(500, (), b"We run behind Envoy: no healthy upstream. " + b"x" * 600),
    ],
    ids=["an-error", "no-header", "a-long-text"],
)
def test_the_services_own_answer_is_from_nobody_else(answer: Answer) -> None:
    """An error without a platform's marks; a long text that is about a platform."""
    assert platform_of(answer) is None


@pytest.mark.parametrize(
    ("wbits", "headers"),
    [
        (31, (("content-encoding", "gzip"), HTML)),
        (15, (("content-encoding", "deflate"), HTML)),
        (-15, (("Content-Encoding", "deflate"), HTML)),
        (31, ()),
    ],
    ids=["gzip", "deflate", "raw deflate", "gzip without a head"],
)
def test_a_compressed_page_is_recognised(wbits: int, headers: tuple[tuple[str, str], ...]) -> None:
    """Curl -i saves what comes, with the header or without it; it is quoted unpacked, too."""
    page = b"<html><center><h1>502</h1></center><hr><center>nginx</center></html>" + b" " * 800
    compress = zlib.compressobj(wbits=wbits)
    answer = Answer(502, headers, compress.compress(page) + compress.flush())
    found = platform_of(answer)
    assert found is not None
    assert "nginx" == found.name
    assert "body: 502 nginx" == quoted(answer)


def test_a_body_that_is_not_what_its_encoding_says_is_read_as_it_is() -> None:
    """A header that a proxy has left over; and a stream that ends too early."""
    for packed in (b"no healthy upstream", zlib.compress(b"no healthy upstream")[:-4]):
        found = platform_of(Answer(503, (("content-encoding", "deflate"),), packed))
        assert found is not None
        assert "Envoy" == found.name


def test_a_page_without_its_head_is_a_page() -> None:
    """Saved from a browser, or with curl without -i: long, and no content type."""
    page = b"<!DOCTYPE html>\n<html><!--" + b"x" * 2000 + b"--><center>nginx</center></html>"
    found = platform_of(Answer(502, (), page))
    assert found is not None
    assert "nginx" == found.name


def test_the_table_is_whole() -> None:
    """Every entry has marks, says what to do in a sentence, and how sure it is."""
    for each in platforms():
        assert each.header or each.body
        assert each.do.endswith(".")
        assert each.source in {"doc", "code", "field"}


def test_few_check_bearer_tokens() -> None:
    """A 401 or 403 of any other case is no protection."""
    assert {
        ("API Gateway", "its JWT or Lambda authorizer refuses the token, or finds none"),
        ("Azure App Service's authentication", "it refuses the token, or finds none"),
        ("Logic Apps", "no authorization policy fits the token"),
        (
            "Azure API Management",
            "a validate-jwt or validate-azure-ad-token policy refuses the token, or finds none",
        ),
        ("Envoy", "it refuses the token, or finds none"),
    } == {(each.name, each.case) for each in platforms() if each.knows_tokens}
