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
        assert raw.endswith(answer.body) or raw.lstrip().startswith(b"{")
