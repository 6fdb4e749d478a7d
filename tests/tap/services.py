"""Odd services on loopback, and a caller that sees bytes: directly, and through the tap."""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import SimpleQueue

from claimsctl.tap.process import forward
from claimsctl.tap.recording import RecordedExchange
from claimsctl.tap.upstream import parse_upstream

HOST = "127.0.0.1"
SECONDS = 20
CALLOUT = b'{"type":"microsoft.graph.authenticationEvent.tokenIssuanceStart","data":{}}'
REQUEST = (
    b"POST /callout?a=b HTTP/1.1\r\nhOsT: tunnel.example\r\nX-Odd:  two  blanks\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(CALLOUT), CALLOUT)
)
OK = b"HTTP/1.1 200 OK\r\n"
GOOD = (
    OK + b"X-Odd:  two  blanks\r\nx-twice: 1\r\nX-Twice: \xfc\r\nContent-Length: 4\r\n\r\n\xff{}\n"
)
CLOSE = b"connection: close\r\n"
CHUNKED = (
    OK + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n"
)

Behave = Callable[[socket.socket], None]
"""What a service does with a connection; it is closed afterwards."""


@dataclass(slots=True)
class RawService:
    """A service that behaves as a test wants, byte by byte."""

    port: int
    over: threading.Event
    """Set when the test is over: no connection hangs longer."""
    received: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}"


@contextmanager
def raw_service(behave: Behave, tls: ssl.SSLContext | None = None) -> Iterator[RawService]:
    """A service that handles every connection by `behave`."""
    listener = socket.create_server((HOST, 0))
    service = RawService(listener.getsockname()[1], threading.Event())
    threads: list[threading.Thread] = []

    def handle(connection: socket.socket) -> None:
        connection.settimeout(SECONDS)
        with suppress(OSError), connection:
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
            with connection:
                behave(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=handle, args=(connection,)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield service
    finally:
        service.over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (accepting, *threads):
            thread.join()


def read_request(connection: socket.socket, body: bytes = CALLOUT) -> bytes:
    """One request, which ends with `body`."""
    received = b""
    while not received.endswith(b"\r\n\r\n" + body if body else b"\r\n\r\n"):
        part = connection.recv(65536)
        if not part:
            break
        received += part
    return received


def read_all(connection: socket.socket, size: int) -> bytes:
    """`size` bytes."""
    received = b""
    while len(received) < size:
        part = connection.recv(65536)
        if not part:
            break
        received += part
    return received


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap's forwarding, in this process."""

    port: int
    published: SimpleQueue[RecordedExchange]

    def next(self) -> RecordedExchange:
        """The next exchange that is over."""
        while True:
            exchange = self.published.get(timeout=SECONDS)
            if exchange.over:
                return exchange


class _Sink:
    def __init__(self, published: SimpleQueue[RecordedExchange]) -> None:
        self._published, self._count = published, 0

    def begin(self, began: float) -> RecordedExchange:
        self._count += 1
        return RecordedExchange(self._count, began=began)

    def publish(self, exchange: RecordedExchange) -> None:
        self._published.put(exchange.copy())


@contextmanager
def tapped(url: str) -> Iterator[Tap]:
    """A tap before `url`, for as long as the context lasts."""
    listener = socket.create_server((HOST, 0))
    published: SimpleQueue[RecordedExchange] = SimpleQueue()
    tap = Tap(listener.getsockname()[1], published)
    loop = asyncio.new_event_loop()
    task = loop.create_task(forward(listener, parse_upstream(url), _Sink(published)))

    def run() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield tap
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a caller has seen: bytes, and how it ended."""

    content: bytes
    end: str


def call(port: int, sent: bytes = REQUEST, seconds: float = SECONDS) -> Seen:
    """Send `sent`, and read what comes until the connection ends or `seconds` are over."""
    content = b""
    with socket.create_connection((HOST, port), timeout=seconds) as connection:
        try:
            connection.sendall(sent)
            while part := connection.recv(65536):
                content += part
        except TimeoutError:
            return Seen(content, "silence")
        except ConnectionResetError:
            return Seen(content, "reset")
    return Seen(content, "closed")


def answering(*parts: bytes) -> Behave:
    """A service that reads a request, and answers it with `parts`."""

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        for part in parts:
            connection.sendall(part)

    return behave


def resetting(*parts: bytes) -> Behave:
    """The same, with a reset at the end."""

    def behave(connection: socket.socket) -> None:
        answering(*parts)(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return behave


BEHAVIOURS = {
    "an-answer": (answering(GOOD), "closed"),
    "chunks": (answering(CHUNKED), "closed"),
    "until-closed": (answering(OK + b"\r\nab", b"cd"), "closed"),
    "http-1.0": (answering(b"HTTP/1.0 200 OK\r\n\r\nab"), "closed"),
    "an-error": (answering(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"), "closed"),
    "closed-at-once": (answering(), "closed"),
    "half-a-head": (answering(OK + b"x-half"), "closed"),
    "half-a-body": (answering(OK + b"content-length: 9\r\n\r\nabc"), "closed"),
    "half-a-chunk": (answering(CHUNKED[:-20]), "closed"),
    "reset-at-once": (resetting(), "reset"),
    "reset-in-the-body": (resetting(OK + b"content-length: 9\r\n\r\nabc"), "reset"),
    "no-http": (answering(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "closed"),
    "a-tls-alert": (answering(b"\x15\x03\x01\x00\x02\x02\x46"), "closed"),
    "more-than-it-says": (answering(OK + b"content-length: 1\r\n\r\nabc"), "closed"),
}
