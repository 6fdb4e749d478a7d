"""An answer saved in any format is judged as Entra would have received it."""

from contextlib import suppress

import pytest
from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Answer
from claimsctl.judge.saved_answer import SavedAnswer, read_saved_answer
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import tries

MANY = settings(max_examples=tries(200), deadline=None)
JSON = ("content-type", "application/json")
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (OK + b"{}", Answer(200, (JSON,), b"{}")),
        (OK.replace(b"\r\n", b"\n") + b"{}\n", Answer(200, (JSON,), b"{}\n")),
        (b"HTTP/2 200 \r\nContent-Type:application/json\r\n\r\n{}",
         Answer(200, (("Content-Type", "application/json"),), b"{}")),
        (b"HTTP/3 204 \r\n\r\n", Answer(204, (), b"")),
        (b"HTTP/2 503\n\nbusy", Answer(503, (), b"busy")),
        (b"HTTP/1.0 200 OK", Answer(200, (), b"")),
        (b"HTTP/1.1 200 OK\r\nx: a:b\r\n", Answer(200, (("x", "a:b"),), b"")),
        (b"HTTP/1.1 200 OK\r\nx: 1\r\nx: 2\r\n\r\n", Answer(200, (("x", "1"), ("x", "2")), b"")),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"{}", Answer(200, (JSON,), b"{}")),
        (b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK, Answer(200, (JSON,), b"")),
        (b"HTTP/1.1 200 Connection established\r\n\r\n" + OK + b"{}", Answer(200, (JSON,), b"{}")),
        (b"HTTP/1.0 200 Connection established\r\nvia: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
         + OK, Answer(200, (JSON,), b"")),
        (b"HTTP/1.1 407 Proxy\r\na: b\r\n\r\n" + OK + b"{}", Answer(200, (JSON,), b"{}")),
        (OK + b"\r\n\r\n{}", Answer(200, (JSON,), b"\r\n\r\n{}")),
        (OK + b"{}\r\n\r\n[]", Answer(200, (JSON,), b"{}\r\n\r\n[]")),
        (OK + b"HTTP/ is not a status line", Answer(200, (JSON,), b"HTTP/ is not a status line")),
    ],
)  # fmt: skip
def test_what_curl_shows(raw: bytes, answer: Answer) -> None:
    """In the output of `curl -i`, the last head belongs to the answer."""
    assert SavedAnswer(answer) == read_saved_answer(raw)


def test_a_redirect_that_curl_followed_is_what_entra_gets() -> None:
    """With `curl -L`, the redirect is judged, not the final page."""
    raw = b"HTTP/1.1 302 Found\r\nlocation: /x\r\n\r\n" + OK + b"{}"
    saved = read_saved_answer(raw)
    assert Answer(302, (("location", "/x"),), b"") == saved.answer
    assert "-L" in saved.note


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"HTTP/1.1\r\n\r\n", "found 'HTTP/1.1'"),
        (b"HTTP/1.1 OK\r\n\r\n", "found 'HTTP/1.1 OK'"),
        (OK.replace(b": ", b" "), "found 'content-type application/json'"),
        (b"HTTP/1.1 200 OK\nno header here: x\n\n", "found 'no header here: x'"),
    ],
)
def test_a_head_that_is_none(raw: bytes, found: str) -> None:
    """A malformed status line or header is shown, with what was expected."""
    with pytest.raises(OperatorError, match="expected a ") as raised:
        read_saved_answer(raw)
    assert found in str(raised.value)


def test_a_bare_body_is_taken_for_a_good_answer() -> None:
    """Without status and content type, only the body is judged, and a note says so."""
    saved = read_saved_answer(b"{}")
    assert Answer(200, (JSON,), b"{}") == saved.answer
    assert (
        "the file has a body only; assumed status 200 and content-type: application/json"
        == saved.note
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>\r\n<head><title>502 Bad Gateway</title></head>", 502),
        (b"<html><body><h1>403 Forbidden</h1>\nRequest forbidden", 403),
        (b"<title>Web App</title><h1 id='unavailable'>Error 403 - Forbidden</h1>", 403),
        (b'{ "statusCode": 401, "message": "JWT not present." }', 401),
        (b"<title>Welcome to nginx!</title>", 200),
        (b'{"statusCode": 200, "body": "{}"}', 200),
    ],
)
def test_a_bare_body_may_name_its_status(body: bytes, status: int) -> None:
    """A page or error of a proxy: its own status decides on what it means, and the note says so."""
    saved = read_saved_answer(body)
    assert status == saved.answer.status
    assert (f"status {status}, which it names" in saved.note) is (status != 200)
    assert 418 == read_saved_answer(body, 418).answer.status


def test_status_and_headers_of_a_bare_body() -> None:
    """Given status and headers are used, and no other headers are assumed."""
    saved = read_saved_answer(b"{}", 201, ["x: 1", "Y:2 "])
    assert SavedAnswer(Answer(201, (("x", "1"), ("Y", "2")), b"{}")) == saved
    assert "status 200" in read_saved_answer(b"{}", None, ["x: 1"]).note


def test_status_and_headers_beside_a_head_are_refused() -> None:
    """--status and --header are refused for a file that has a head."""
    for arguments in ((200, ()), (None, ("x: 1",))):
        with pytest.raises(OperatorError, match="omit --status and --header"):
            read_saved_answer(OK, *arguments)


@pytest.mark.parametrize("line", ["", "x", ": x", "a b: c", "é: c"])
def test_what_is_no_header(line: str) -> None:
    """A header must have a name without spaces, and a colon."""
    with pytest.raises(OperatorError, match="expected a header such as"):
        read_saved_answer(b"", None, [line])


def test_an_exchange_by_hand() -> None:
    """Only the response's status is required, and headers may be an object."""
    raw = b'{"response": {"status": 200, "headers": {"A": "1"}, "more": 1}, "more": 1}'
    assert SavedAnswer(Answer(200, (("A", "1"),), b"")) == read_saved_answer(raw)


def test_an_answer_with_a_response_of_its_own_is_a_body() -> None:
    """A body that only contains the word is not an exchange."""
    raw = b'{"response": {"data": {}}}'
    assert raw == read_saved_answer(raw).answer.body


H1 = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
H2 = b"HTTP/2 200 \r\ncontent-type: application/json\r\n"
CHUNKED = H1 + b"transfer-encoding: chunked\r\n"
FIELDS = b"x-checksum: abc\r\nServer-Timing: db;dur=3\r\n"
BODY = b'{"a": "b: c"}'


@pytest.mark.parametrize(
    "raw",
    [
        CHUNKED + b"\r\n" + BODY + FIELDS,
        CHUNKED + b"\r\n" + BODY + b"\n" + FIELDS + b"\r\n",
        CHUNKED + b"trailer: x-checksum, Server-Timing\r\n\r\n" + BODY + FIELDS,
        H2 + b"\r\n" + BODY + FIELDS,
        H2 + b"trailer: X-Checksum, Server-Timing\r\n\r\n" + BODY + FIELDS,
        H2 + b"content-length: 13\r\n\r\n" + BODY + FIELDS,
        H2.replace(b"2", b"3", 1) + b"\r\n" + BODY + FIELDS,
        (CHUNKED + b"\r\n" + BODY + FIELDS).replace(b"\r\n", b"\n"),
    ],
    ids=["chunked", "a newline before", "announced", "HTTP/2", "HTTP/2, announced", "a length",
         "HTTP/3", "plain newlines"],
)  # fmt: skip
def test_a_trailer_behind_the_body_is_left_out(raw: bytes) -> None:
    """As curl 7.88 prints it, with and without the header that announces it; a note names it."""
    saved = read_saved_answer(raw)
    assert BODY == saved.answer.body
    assert "left out, for a trailer is no body: x-checksum, server-timing" == saved.note


def test_an_announced_trailer_ends_a_body_that_is_no_json() -> None:
    """A page, or JSON that is cut off: what is judged ends where the trailer begins."""
    head = H2 + b"trailer: server-timing, x-checksum\r\n\r\n"
    for body in (b"<html>a: b</html>", b'{"a": [', b""):
        assert body == read_saved_answer(head + body + FIELDS).answer.body


@pytest.mark.parametrize(
    ("head", "behind"),
    [
        (H2, b"\nWarning: Undefined variable $x in /srv/index.php on line 3\n"),
        (CHUNKED, b"\nWarning: Undefined variable $x in /srv/index.php on line 3\n"),
        (CHUNKED.replace(b"\r\n", b"\n"), b"\nWarning: undefined variable\n"),
        (H2, b"x-checksum: abc\r\nand more"),
        (H1, FIELDS),
    ],
    ids=["PHP by HTTP/2", "PHP in chunks", "plain newlines", "text behind", "no chunks"],
)
def test_what_is_printed_behind_the_answer_is_no_trailer(head: bytes, behind: bytes) -> None:
    """It would be judged as a good answer, and Entra would refuse it."""
    newline = head[-2:] if head.endswith(b"\r\n") else b"\n"
    saved = read_saved_answer(head + newline + BODY + behind)
    assert saved.answer.body.endswith(BODY + behind)
    assert not saved.note


def test_an_answer_saved_with_its_chunks_is_read() -> None:
    """`curl --raw` and `openssl s_client`: the lengths are no part of the body, nor the trailer."""
    chunks = b"5;x=y\r\n" + BODY[:5] + b"\r\n8\r\n" + BODY[5:] + b"\r\n0\r\n" + FIELDS + b"\r\n"
    saved = read_saved_answer(CHUNKED + b"\r\n" + chunks)
    assert BODY == saved.answer.body
    assert "in chunks" in saved.note
    for broken in (b"5\r\n" + BODY, b"ffffffff\r\n" + BODY, BODY):
        assert broken == read_saved_answer(CHUNKED + b"\r\n" + broken).answer.body


heads = st.sampled_from(
    [b"HTTP/1.1 200 OK", b"HTTP/2 302 ", b"HTTP/1.1 100 Continue", b"HTTP/", b"{"]
)
parts = st.lists(
    heads | st.sampled_from([b"\r\n", b"\n", b"a: b", b"x", b'"response": {"status": 200}}'])
    | st.binary(max_size=6),
    max_size=10,
).map(b"".join)  # fmt: skip


@MANY
@given(parts)
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """Any file gives an answer or a message, and no other error."""
    with suppress(OperatorError):
        answer = read_saved_answer(raw).answer
        assert answer.body in raw or raw.lstrip().startswith(b"{")
