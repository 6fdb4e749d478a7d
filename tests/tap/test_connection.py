"""tap forwards everything unchanged: bytes, faults, silence and back pressure."""

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from claimsctl.judge.attempt import Phase

from tests.tap.services import (
    BEHAVIOURS,
    GOOD,
    HOST,
    OK,
    REQUEST,
    SECONDS,
    Seen,
    answering,
    call,
    raw_service,
    read_all,
    read_request,
    tapped,
)

WAIT_SECONDS = 0.4
"""How long a caller waits that will get no answer."""


@pytest.mark.parametrize(("behave", "end"), BEHAVIOURS.values(), ids=BEHAVIOURS)
def test_a_caller_sees_what_it_would_see_without(
    behave: Callable[[socket.socket], None], end: str
) -> None:
    """Bytes and the connection's end are forwarded unchanged."""
    with raw_service(behave) as service, tapped(service.url) as tap:
        direct = call(service.port)
        assert end == direct.end
        assert direct == call(tap.port)


@pytest.mark.parametrize("parts", [(), (OK,), (OK + b"content-length: 9\r\n\r\nabc",)],
                         ids=["silence", "after-a-line", "in-the-body"])  # fmt: skip
def test_a_service_that_hangs_hangs(parts: tuple[bytes, ...]) -> None:
    """The tap does not answer instead of the service, and forwards what the service sent."""
    over = threading.Event()

    def behave(connection: socket.socket) -> None:
        answering(*parts)(connection)
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


def test_a_connection_is_kept_for_the_next_request() -> None:
    """Two requests on one connection of the caller use one connection to the service."""
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
    """A service's early refusal of a body is forwarded immediately."""

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
    """After a 101, the bytes are not parsed."""
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
    """Bodies that are too large to be kept are still forwarded in both directions."""
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
    """If the caller reads slowly, the tap buffers a limited amount, and loses nothing."""
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
    """A caller that disconnects during a request is noticed."""
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
