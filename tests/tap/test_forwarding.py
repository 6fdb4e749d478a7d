"""What passes is what would pass without the tap: bytes, faults, silence."""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from claimsctl.judge.attempt import Cause, Phase

from tests.tap.services import (
    CALLOUT,
    HOST,
    REQUEST,
    SECONDS,
    Seen,
    call,
    raw_service,
    read_all,
    read_request,
    tapped,
)

OK = b"HTTP/1.1 200 OK\r\n"
GOOD = (
    OK + b"X-Odd:  two  blanks\r\nx-twice: 1\r\nX-Twice: \xfc\r\nContent-Length: 4\r\n\r\n\xff{}\n"
)
CLOSE = b"connection: close\r\n"
CHUNKED = (
    OK + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n"
)
WAIT_SECONDS = 0.4
"""How long a caller waits that will get no answer."""


def _answering(*parts: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        read_request(connection)
        for part in parts:
            connection.sendall(part)

    return behave


def _resetting(*parts: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        _answering(*parts)(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return behave


BEHAVIOURS = {
    "an-answer": (_answering(GOOD), "closed"),
    "chunks": (_answering(CHUNKED), "closed"),
    "until-closed": (_answering(OK + b"\r\nab", b"cd"), "closed"),
    "http-1.0": (_answering(b"HTTP/1.0 200 OK\r\n\r\nab"), "closed"),
    "an-error": (_answering(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"), "closed"),
    "closed-at-once": (_answering(), "closed"),
    "half-a-head": (_answering(OK + b"x-half"), "closed"),
    "half-a-body": (_answering(OK + b"content-length: 9\r\n\r\nabc"), "closed"),
    "half-a-chunk": (_answering(CHUNKED[:-20]), "closed"),
    "reset-at-once": (_resetting(), "reset"),
    "reset-in-the-body": (_resetting(OK + b"content-length: 9\r\n\r\nabc"), "reset"),
    "no-http": (_answering(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "closed"),
    "a-tls-alert": (_answering(b"\x15\x03\x01\x00\x02\x02\x46"), "closed"),
    "more-than-it-says": (_answering(OK + b"content-length: 1\r\n\r\nabc"), "closed"),
}


@pytest.mark.parametrize(("behave", "end"), BEHAVIOURS.values(), ids=BEHAVIOURS)
def test_a_caller_sees_what_it_would_see_without(
    behave: Callable[[socket.socket], None], end: str
) -> None:
    """Byte for byte, and to the same end: nothing is repaired, invented or kept back."""
    with raw_service(behave) as service, tapped(service.url) as tap:
        direct = call(service.port)
        assert end == direct.end
        assert direct == call(tap.port)


@pytest.mark.parametrize("parts", [(), (OK,), (OK + b"content-length: 9\r\n\r\nabc",)],
                         ids=["silence", "after-a-line", "in-the-body"])  # fmt: skip
def test_a_service_that_hangs_hangs(parts: tuple[bytes, ...]) -> None:
    """Nobody answers in its place; what it has said is there."""
    over = threading.Event()

    def behave(connection: socket.socket) -> None:
        _answering(*parts)(connection)
        over.wait(SECONDS)

    with raw_service(behave) as service, tapped(service.url) as tap:
        direct = call(service.port, seconds=WAIT_SECONDS)
        through = call(tap.port, seconds=WAIT_SECONDS)
        over.set()
        assert Seen(b"".join(parts), "silence") == direct == through


def test_bytes_are_forwarded_as_they_come() -> None:
    """Each byte of an answer has arrived before the service sends the next."""
    arrived = threading.Semaphore(0)
    answer = OK + b"content-length: 3\r\n\r\nabc"

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        for byte in answer:
            connection.sendall(bytes([byte]))
            assert arrived.acquire(timeout=SECONDS)

    with (
        raw_service(behave) as service,
        tapped(service.url) as tap,
        socket.create_connection((HOST, tap.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(REQUEST)
        for byte in answer:
            assert bytes([byte]) == connection.recv(1)
            arrived.release()


def test_a_body_is_forwarded_as_it_comes() -> None:
    """Each byte of a request's body has arrived before the caller sends the next."""
    received: list[bytes] = []
    arrived = threading.Semaphore(0)

    def behave(connection: socket.socket) -> None:
        read_request(connection, b"")
        arrived.release()
        for _ in range(3):
            received.append(connection.recv(1))
            arrived.release()
        connection.sendall(GOOD)

    with (
        raw_service(behave) as service,
        tapped(service.url) as tap,
        socket.create_connection((HOST, tap.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n")
        for byte in b"abc":
            assert arrived.acquire(timeout=SECONDS)
            connection.sendall(bytes([byte]))
        assert GOOD == read_all(connection, len(GOOD))
    assert [b"a", b"b", b"c"] == received


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
    "no-host": (b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "expected"), REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("step", [1, 7, 100_000], ids=["byte-by-byte", "by-seven", "at-once"])
def test_only_host_is_replaced(sent: bytes, expected: bytes, step: int) -> None:
    """The service gets the caller's bytes, however they come, but for the host that it is."""
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


def test_a_connection_is_kept_for_the_next_request() -> None:
    """Two requests on one connection of the caller's are two on one of the service's."""
    connections = []

    def behave(connection: socket.socket) -> None:
        connections.append(connection)
        for _ in range(2):
            assert b"Host: tunnel" not in read_request(connection)
            connection.sendall(GOOD)

    with (
        raw_service(behave) as service,
        tapped(service.url) as tap,
        socket.create_connection((HOST, tap.port), timeout=SECONDS) as connection,
    ):
        for _ in range(2):
            connection.sendall(REQUEST)
            assert GOOD == read_all(connection, len(GOOD))
        assert b"" == connection.recv(1)
        first, second = tap.next(), tap.next()
    assert 1 == len(connections)
    assert (1, 2) == (first.number, second.number)
    assert Phase.CONNECT in first.timings()
    assert Phase.CONNECT not in second.timings()


def test_requests_may_be_sent_ahead() -> None:
    """Of two requests in one packet each has its own answer, and its own Host replaced."""
    received = []

    def behave(connection: socket.socket) -> None:
        size = len(2 * REQUEST.replace(b"tunnel.example", f"{HOST}:12345".encode()))
        received.append(read_all(connection, size))
        connection.sendall(GOOD + b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")

    with raw_service(behave) as service, tapped(service.url) as tap:
        call(tap.port, 2 * REQUEST)
        assert [200, 404] == [tap.next().status, tap.next().status]
    assert b"tunnel" not in received[0]


def test_a_request_that_waits_for_100_gets_it() -> None:
    """Expect: 100-continue is between caller and service."""

    def behave(connection: socket.socket) -> None:
        assert read_request(connection, b"").endswith(b"\r\n\r\n")
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert b"{}" == read_all(connection, 2)
        connection.sendall(GOOD)

    with (
        raw_service(behave) as service,
        tapped(service.url) as tap,
        socket.create_connection((HOST, tap.port), timeout=SECONDS) as connection,
    ):
        head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        connection.sendall(head)
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == read_all(connection, 25)
        connection.sendall(b"{}")
        assert GOOD == read_all(connection, len(GOOD))
        assert 200 == tap.next().status


def test_an_answer_may_come_before_the_request_is_whole() -> None:
    """A service that refuses a body in its midst is heard at once."""

    def behave(connection: socket.socket) -> None:
        read_request(connection, b"")
        connection.sendall(GOOD)
        read_all(connection, 2)

    with (
        raw_service(behave) as service,
        tapped(service.url) as tap,
        socket.create_connection((HOST, tap.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
        assert GOOD == read_all(connection, len(GOOD))
        connection.sendall(b"{}")
        assert 200 == tap.next().status


def test_another_protocol_passes() -> None:
    """After 101 what passes is not looked at."""
    switched = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"

    def behave(connection: socket.socket) -> None:
        read_request(connection, b"")
        connection.sendall(switched)
        connection.sendall(read_all(connection, 9)[::-1])

    with (
        raw_service(behave) as service,
        tapped(service.url) as tap,
        socket.create_connection((HOST, tap.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
        )
        assert switched == read_all(connection, len(switched))
        connection.sendall(b"\x00\nHost: a")
        assert b"a :tsoH\n\x00" == read_all(connection, 9)


def test_large_bodies_pass_whole() -> None:
    """What is too large to be kept is forwarded all the same, both ways."""
    body = bytes(range(256)) * 12_000

    head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1:12345\r\nContent-Length: %d\r\n\r\n" % len(body)

    def behave(connection: socket.socket) -> None:
        assert body == read_all(connection, len(head) + len(body))[-len(body) :]
        connection.sendall(OK + b"content-length: %d\r\n\r\n" % len(body) + body)

    with (
        raw_service(behave) as service,
        tapped(service.url) as tap,
        socket.create_connection((HOST, tap.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(head)
        sending = threading.Thread(target=connection.sendall, args=(body,))
        sending.start()
        expected = OK + b"content-length: %d\r\n\r\n" % len(body) + body
        assert expected == read_all(connection, len(expected))
        sending.join()
        exchange = tap.next()
    assert (len(body), len(body)) == (exchange.request.body_bytes, exchange.answer.body_bytes)
    assert len(exchange.answer.body) < len(body)
    assert (False, False) == (exchange.request.whole, exchange.answer.whole)


MUCH = bytes(64 * 1024) * 640
"""More than all buffers on the way hold."""


def _send_till_blocked(connection: socket.socket, blocked: threading.Event) -> None:
    """Send `MUCH`, and say when nobody takes any more of it."""
    connection.settimeout(0.3)
    sent = 0
    while sent < len(MUCH):
        try:
            sent += connection.send(MUCH[sent : sent + 65536])
        except TimeoutError:
            blocked.set()
            connection.settimeout(SECONDS)


def test_a_slow_caller_slows_the_service() -> None:
    """What nobody reads is not piled up in memory; in the end all of it is there."""
    blocked = threading.Event()
    head = OK + b"content-length: %d\r\n\r\n" % len(MUCH)

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        _send_till_blocked(connection, blocked)

    with (
        raw_service(behave) as service,
        tapped(service.url) as tap,
        socket.create_connection((HOST, tap.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(REQUEST)
        assert blocked.wait(SECONDS)
        received = 0
        while received < len(head) + len(MUCH):
            received += len(connection.recv(1 << 20))
        assert len(MUCH) == tap.next().answer.body_bytes


@pytest.mark.parametrize("accepts", [True, False], ids=["connected", "not-yet"])
def test_a_slow_service_slows_the_caller(monkeypatch: pytest.MonkeyPatch, *, accepts: bool) -> None:
    """The same for a request, also while the service is being connected to."""
    blocked, received = threading.Event(), []
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(MUCH)

    def behave(connection: socket.socket) -> None:
        assert blocked.wait(SECONDS)
        count = 0
        while count < len(MUCH):
            count += len(connection.recv(1 << 20))
        received.append(count)
        connection.sendall(GOOD)

    if not accepts:
        connect = asyncio.SelectorEventLoop.sock_connect

        async def connect_late(*arguments: Any) -> None:
            await asyncio.to_thread(blocked.wait, SECONDS)
            await connect(*arguments)

        monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", connect_late)
    with (
        raw_service(behave) as service,
        tapped(service.url) as tap,
        socket.create_connection((HOST, tap.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(head)
        _send_till_blocked(connection, blocked)
        assert GOOD == read_all(connection, len(GOOD))
        assert len(MUCH) == tap.next().request.body_bytes
    assert received[0] >= len(MUCH)


def test_a_service_that_is_not_there_is_a_closed_connection() -> None:
    """No 502 of our own: the caller gets nothing, and the recorded exchange says why."""
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    with tapped(f"http://{HOST}:{port}") as tap:
        assert b"" == call(tap.port).content
        no_answer = tap.next().no_answer
    assert no_answer is not None
    assert (Cause.CONNECT, Phase.CONNECT) == (no_answer.cause, no_answer.phase)


def test_whose_callout_it_was_is_known_even_then() -> None:
    """A body that comes after its head is waited for before the connection is closed."""
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    with (
        tapped(f"http://{HOST}:{port}") as tap,
        socket.create_connection((HOST, tap.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(REQUEST[: -len(CALLOUT)])
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.sendall(CALLOUT)
        connection.settimeout(SECONDS)
        assert b"" == connection.recv(1)
        assert CALLOUT == bytes(tap.next().request.body)


def test_a_name_that_leads_nowhere_is_a_closed_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for a name without an address."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with tapped("http://claims.example") as tap:
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        with socket.socket() as connection:
            connection.connect((HOST, tap.port))
            connection.sendall(REQUEST)
            assert b"" == connection.recv(1)
        no_answer = tap.next().no_answer
    assert no_answer is not None
    assert (Cause.NAME, Phase.DNS) == (no_answer.cause, no_answer.phase)


def test_a_caller_that_gives_up_is_reported_and_ends_the_call() -> None:
    """The service's connection ends with the caller's; the list has it at once."""
    ended = threading.Event()

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        assert b"" == connection.recv(1)
        ended.set()

    with raw_service(behave) as service, tapped(service.url) as tap:
        assert "silence" == call(tap.port, seconds=WAIT_SECONDS).end
        assert ended.wait(SECONDS)
        no_answer = tap.next().no_answer
    assert no_answer is not None
    assert (Cause.TIMEOUT, Phase.FIRST_BYTE) == (no_answer.cause, no_answer.phase)


def test_a_caller_may_end_its_side_and_still_get_the_answer() -> None:
    """As `nc -N` does."""

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        assert b"" == connection.recv(1)
        connection.sendall(GOOD)

    with (
        raw_service(behave) as service,
        tapped(service.url) as tap,
        socket.create_connection((HOST, tap.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(REQUEST)
        connection.shutdown(socket.SHUT_WR)
        assert GOOD == read_all(connection, len(GOOD) + 1)
        assert 200 == tap.next().status


@pytest.mark.parametrize("sent", [REQUEST[:30], REQUEST[:-9]], ids=["of-a-head", "of-a-body"])
def test_half_a_request_is_half_a_request(sent: bytes) -> None:
    """A caller that ends in its midst is seen to do so."""
    received = []

    def behave(connection: socket.socket) -> None:
        received.append(read_all(connection, 9999))

    with (
        raw_service(behave) as service,
        tapped(service.url) as tap,
        socket.create_connection((HOST, tap.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert b"" == connection.recv(1)
        host = f"{HOST}:{service.port}".encode()
        assert [sent.replace(b"tunnel.example", host)] == received


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority."""
    return trustme.CA()


def _tls(authority: trustme.CA, name: str = HOST) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The authority is one that is trusted."""
    path = tmp_path / "roots.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("name", ["an-answer", "half-a-body", "closed-at-once"])
def test_a_service_behind_tls_is_the_same(authority: trustme.CA, name: str) -> None:
    """The caller sees what the service sends, and the handshake is timed."""
    behave, end = BEHAVIOURS[name]
    with raw_service(behave) as plain, raw_service(behave, _tls(authority)) as service:
        expected = call(plain.port)
        with tapped(service.url.replace("http:", "https:")) as tap:
            assert (expected, end) == (call(tap.port), expected.end)
            assert tap.next().timings()[Phase.TLS] > 0


@pytest.mark.parametrize(
    ("name", "detail"),
    [(HOST, "certificate not accepted: "), ("other.example", "certificate not accepted: ")],
    ids=["unknown-authority", "another-name"],
)
def test_a_certificate_that_entra_would_not_accept_is_reported(
    authority: trustme.CA, name: str, detail: str
) -> None:
    """The caller gets a closed connection, the recorded exchange says what is wrong with it."""
    with (
        raw_service(_answering(GOOD), _tls(authority, name)) as service,
        tapped(service.url.replace("http:", "https:")) as tap,
    ):
        assert b"" == call(tap.port).content
        no_answer = tap.next().no_answer
    assert no_answer is not None
    assert (Cause.TLS, True) == (no_answer.cause, no_answer.detail.startswith(detail))


def test_what_passes_is_recorded() -> None:
    """Head and body of both, without what chunks add."""
    with raw_service(_answering(CHUNKED)) as service, tapped(service.url) as tap:
        call(tap.port)
        exchange = tap.next()
    assert ("POST", "/callout?a=b", 200) == (exchange.method, exchange.target, exchange.status)
    assert ("hOsT", "tunnel.example") == exchange.request.headers[0]
    assert (CALLOUT, b"abc") == (bytes(exchange.request.body), bytes(exchange.answer.body))
    phases = [Phase.DNS, Phase.CONNECT, Phase.SEND, Phase.FIRST_BYTE, Phase.BODY]
    assert phases == [*exchange.timings()]
