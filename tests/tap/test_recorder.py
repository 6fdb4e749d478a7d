"""What is recorded of an exchange."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from claimsctl.judge.attempt import Cause, Phase
from claimsctl.tap.exchanges import mask_and_judge

from tests.tap.services import (
    CALLOUT,
    CHUNKED,
    GOOD,
    HOST,
    OK,
    REQUEST,
    SECONDS,
    answering,
    call,
    raw_service,
    read_request,
    tapped,
)

WAIT_SECONDS = 0.4
"""How long a caller waits that will get no answer."""


def test_a_caller_that_gives_up_is_reported_and_ends_the_call() -> None:
    """The service's connection ends with the caller's, and the exchange is listed immediately."""
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


def test_what_passes_is_recorded() -> None:
    """The heads and bodies of both sides are recorded, without chunk sizes."""
    with raw_service(answering(CHUNKED)) as service, tapped(service.url) as tap:
        call(tap.port)
        exchange = tap.next()
    assert ("POST", "/callout?a=b", 200) == (exchange.method, exchange.target, exchange.status)
    assert ("hOsT", "tunnel.example") == exchange.request.headers[0]
    assert (CALLOUT, b"abc") == (bytes(exchange.request.body), bytes(exchange.answer.body))
    phases = [Phase.DNS, Phase.CONNECT, Phase.SEND, Phase.FIRST_BYTE, Phase.BODY]
    assert phases == [*exchange.timings()]


def _close(connection: socket.socket) -> None:
    connection.close()


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _close_too(connection: socket.socket) -> None:
    """End without an answer, as most services do whose caller has left."""
    assert b"" == connection.recv(1)


def _break_off(connection: socket.socket) -> None:
    """Half an answer, then the end."""
    assert b"" == connection.recv(1)
    connection.sendall(OK + b"content-length: 9\r\n\r\nabc")


def _answer_all_the_same(connection: socket.socket) -> None:
    """A whole answer that nobody takes."""
    assert b"" == connection.recv(1)
    connection.sendall(GOOD)


@pytest.mark.parametrize(
    ("leave", "behave"),
    [
        (_close, _close_too),
        (_close, _break_off),
        (_close, _answer_all_the_same),
        (_reset, _close_too),
    ],
    ids=["closes", "half-an-answer", "answer-too-late", "resets"],
)
def test_a_caller_that_leaves_at_once_is_the_reason(
    leave: Callable[[socket.socket], None], behave: Callable[[socket.socket], None]
) -> None:
    """Even before Entra's shortest timeout, the code is 1003005, without blaming the service."""
    has_request = threading.Event()

    def respond(connection: socket.socket) -> None:
        read_request(connection)
        has_request.set()
        with suppress(ConnectionResetError):
            behave(connection)

    with raw_service(respond) as service, tapped(service.url) as tap:
        connection = socket.create_connection((HOST, tap.port), timeout=SECONDS)
        connection.sendall(REQUEST)
        assert has_request.wait(SECONDS)
        leave(connection)
        exchange = tap.next()
    exchange.began, exchange.left = 0.0, 0.05  # the machine may be busy
    shown = mask_and_judge(exchange, 1000, unmask=False)
    assert shown.failure is not None
    assert ("NET004", 1003005) == (shown.failure.id, shown.failure.entra_code)
    assert "The caller disconnected before the answer" == shown.failure.title
    assert "the caller closed the connection after 50 ms" in shown.failure.evidence
    assert "not caused by the service" in shown.reason


def test_a_service_that_breaks_off_is_the_reason_while_its_caller_waits() -> None:
    """A disconnecting caller is the reason only if it disconnected first."""
    with (
        raw_service(answering(OK + b"content-length: 9\r\n\r\nabc")) as service,
        tapped(service.url) as tap,
    ):
        call(tap.port)
        shown = mask_and_judge(tap.next(), 1000, unmask=False)
    assert shown.failure is not None
    assert ("NET005", 1003001, "") == (shown.failure.id, shown.failure.entra_code, shown.reason)
