"""What is recorded of an exchange."""

import socket
import threading

from claimsctl.judge.attempt import Cause, Phase

from tests.tap.services import (
    CALLOUT,
    CHUNKED,
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


def test_what_passes_is_recorded() -> None:
    """Head and body of both, without what chunks add."""
    with raw_service(answering(CHUNKED)) as service, tapped(service.url) as tap:
        call(tap.port)
        exchange = tap.next()
    assert ("POST", "/callout?a=b", 200) == (exchange.method, exchange.target, exchange.status)
    assert ("hOsT", "tunnel.example") == exchange.request.headers[0]
    assert (CALLOUT, b"abc") == (bytes(exchange.request.body), bytes(exchange.answer.body))
    phases = [Phase.DNS, Phase.CONNECT, Phase.SEND, Phase.FIRST_BYTE, Phase.BODY]
    assert phases == [*exchange.timings()]
