"""Only the Host of each request is replaced, for any segmentation of the bytes."""

import socket

import pytest
from claimsctl.tap.framing import HEAD_BYTES_MAX

from tests.tap.services import (
    CLOSE,
    GOOD,
    HOST,
    OK,
    REQUEST,
    SECONDS,
    call,
    raw_service,
    read_all,
    read_request,
    tapped,
)

CHUNKED_REQUEST = (
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;e=1\r\nabc\r\n0\r\nTrailer: 1\r\n\r\n"
)
REQUESTS = {
    "a-callout": (REQUEST, REQUEST.replace(b"tunnel.example", b"SERVICE")),
    "chunks": (CHUNKED_REQUEST, CHUNKED_REQUEST.replace(b"Host: x", b"Host: SERVICE")),
    "a-folded-host": (
        b"GET / HTTP/1.1\r\nX: 1\r\nHost: a\r\n b\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: 1\r\nHost: SERVICE\r\n\r\n",
    ),
    "http-1.0-without-host": (
        b"GET / HTTP/1.0\r\nX: 1\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: SERVICE\r\nX: 1\r\n\r\n",
    ),
    "bare-line-feeds": (
        b"GET / HTTP/1.1\nhost: a\nX: 1\n\n",
        b"GET / HTTP/1.1\nhost: SERVICE\nX: 1\n\n",
    ),
    "host-in-the-body": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n\nHost: a\n",
        b"POST / HTTP/1.1\r\nHost: SERVICE\r\nContent-Length: 9\r\n\r\n\nHost: a\n",
    ),
    "no-http": (b"\x16\x03\x01 hello\r\n\r\n", b"\x16\x03\x01 hello\r\n\r\n"),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "expected"), REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("step", [1, 7, 100_000], ids=["byte-by-byte", "by-seven", "at-once"])
def test_only_host_is_replaced(sent: bytes, expected: bytes, step: int) -> None:
    """The service gets the caller's bytes with its own host, for any segmentation."""
    received = []

    def behave(connection: socket.socket) -> None:
        received.append(read_all(connection, len(expected)))
        connection.sendall(OK + CLOSE + b"content-length: 0\r\n\r\n")

    with raw_service(behave) as service, tapped(service.url) as tap:
        host = f"{HOST}:{service.port}".encode()
        expected = expected.replace(b"SERVICE", host)
        with socket.create_connection((HOST, tap.port), timeout=SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for start in range(0, len(sent), step):
                connection.sendall(sent[start : start + step])
            while connection.recv(65536):
                pass
    assert [expected] == received


def test_requests_may_be_sent_ahead() -> None:
    """The second of two requests in one packet is forwarded after the first answer."""
    received = []

    def behave(connection: socket.socket) -> None:
        for answer in (GOOD, b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"):
            received.append(read_request(connection))
            connection.settimeout(0.2)
            with pytest.raises(TimeoutError):
                connection.recv(1)
            connection.settimeout(SECONDS)
            connection.sendall(answer)

    with raw_service(behave) as service, tapped(service.url) as tap:
        call(tap.port, 2 * REQUEST)
        assert [200, 404] == [tap.next().status, tap.next().status]
    assert b"tunnel" not in b"".join(received)


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + bytes([97]) * 2 * HEAD_BYTES_MAX + b"\r\n\r\n",
    ],
    ids=["no-host", "an-illegal-character", "too-long"],
)
def test_an_http_head_that_cannot_be_read_is_refused(head: bytes) -> None:
    """A malformed request is refused, and its bytes are not quoted."""
    connected: list[socket.socket] = []

    with raw_service(connected.append) as service, tapped(service.url) as tap:
        seen = call(tap.port, head)
        assert seen.content.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        exchange = tap.next()
    assert exchange.no_answer is not None
    assert b"aaaa" not in exchange.no_answer.detail.encode()
    assert not connected
