"""What people save of curl: with -v, with its progress meter, by PowerShell."""

import pytest
from claimsctl.judge.attempt import Answer
from claimsctl.judge.saved_answer import read_saved_answer

HEAD = b"HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n"
BODY = b'{"a": "b: c"}'
ANSWER = Answer(401, (("content-type", "application/json"), ("content-length", "13")), BODY)
METER = (
    b"  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
    b"                                 Dload  Upload   Total   Spent    Left  Speed\n"
    b"\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0"
)
SENT = (
    b"*   Trying 192.0.2.1:443...\n* Connected to x (192.0.2.1) port 443 (#0)\n"
    b"> POST /callout HTTP/2\r\n> Host: x\r\n> \r\n"
)
RECEIVED = b"".join(b"< " + line for line in HEAD.splitlines(keepends=True))


@pytest.mark.parametrize(
    "saved",
    [
        SENT + RECEIVED + BODY,
        SENT + RECEIVED + BODY + b"* Connection #0 to host x left intact\n",
        SENT + RECEIVED + b"* Connection #0 to host x left intact\n" + BODY,
        METER + SENT + b"} [2 bytes data]\n" + RECEIVED + b"{ [13 bytes data]\n" + METER[-78:]
        + b"\n* Closing connection 0\n" + BODY,
        SENT + RECEIVED + b"* Closing connection 0\n" + HEAD + BODY,
        SENT + b"< HTTP/1.1 100 Continue\r\n< \r\n" + RECEIVED + BODY,
        (SENT + RECEIVED + BODY).replace(b"\r\n", b"\n"),
        RECEIVED.replace(b"< \r\n", b"<\n") + BODY,
        SENT + RECEIVED + BODY + b"\n< x-checksum: abc\r\n",
        METER + b"\n" + HEAD + BODY,
        b"$ curl -i https://x/callout -d @event.json\n" + HEAD + BODY,
        b"\n\n" + HEAD + BODY,
        b"\xef\xbb\xbf" + HEAD + BODY,
        (HEAD + BODY).decode().encode("utf-16"),
        (SENT + RECEIVED + BODY).decode().encode("utf-16"),
    ],
    ids=["-v", "-v, connection left", "-v, connection left before", "-v with a meter", "-iv",
         "-v, continued", "-v, plain newlines", "-v, blanks cut", "-v, a trailer",
         "-i with a meter", "the command line", "blank lines", "a byte order mark",
         "PowerShell", "PowerShell, -v"],
)  # fmt: skip
def test_the_answer_is_found(saved: bytes) -> None:
    """Status, headers and body are the answer's; nothing of curl's own is judged."""
    read = read_saved_answer(saved)
    found = read.answer
    assert (ANSWER.status, ANSWER.headers) == (found.status, found.headers)
    assert BODY == found.body.strip()


@pytest.mark.parametrize(
    ("saved", "note"),
    [
        (SENT + RECEIVED + BODY, "ignored the lines that curl -v adds"),
        (METER + b"\n" + HEAD + BODY, "ignored the lines before the status line"),
        (
            (HEAD + BODY).decode().encode("utf-16"),
            "converted the file from UTF-16, which PowerShell's > writes",
        ),
        (HEAD + BODY, ""),
    ],
)
def test_what_was_taken_away_is_said(saved: bytes, note: str) -> None:
    """What is judged is not what was saved, byte for byte."""
    assert note in read_saved_answer(saved).note
    assert bool(note) is bool(read_saved_answer(saved).note)


@pytest.mark.parametrize(
    "saved",
    [
        b"Some text\n" + HEAD + BODY,
        BODY + b"\n" + HEAD,
        b"<html>\n< HTTP/1.1 200 OK\n</html>",
        BODY.decode().encode("utf-16"),
        SENT,
        b"",
    ],
    ids=["a text", "JSON", "a page", "a body in UTF-16", "no answer", "nothing"],
)
def test_a_body_that_holds_a_status_line_is_a_body(saved: bytes) -> None:
    """Only what curl prints itself is left out."""
    read = read_saved_answer(saved)
    assert (200, saved) == (read.answer.status, read.answer.body)
