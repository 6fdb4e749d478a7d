"""A server that sends what a test wants, byte by byte, and keeps the requests that it got."""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from tests.endpoints import GOOD, JSON

_PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def token(self) -> str | None:
        """The bearer token."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme == "Bearer" else None

    def document(self) -> Any:
        """The body as JSON. Raises ``ValueError``."""
        return json.loads(self.body)

    @property
    def user(self) -> dict[str, Any]:
        """Who signs in. Raises ``ValueError``, ``KeyError`` and the like for another body."""
        user: dict[str, Any] = self.document()["data"]["authenticationContext"]["user"]
        return user


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: int = 200
    body: bytes = GOOD
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    seconds: float = 0.0
    """How long the answer takes."""


@dataclass(slots=True)
class Connection:
    """A connection of a caller, and whether the test is over."""

    sock: socket.socket
    over: threading.Event
    requests: list[Request]

    def request(self) -> Request:
        """The next request; raises ``OSError`` when none comes."""
        head, _, body = self._until(b"\r\n\r\n").partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        while len(body) < int(headers.get("content-length", 0)):
            body += self._more()
        method, path, _ = first.split(" ", 2)
        self.requests.append(Request(method, path, headers, body))
        return self.requests[-1]

    def send(self, *parts: bytes, every: float = 0.0) -> None:
        """Send part after part, `every` so many seconds."""
        for part in parts:
            self.sock.sendall(part)
            if every and self.over.wait(every):
                return

    def hang(self) -> None:
        """Keep the connection, and say nothing."""
        self.over.wait(_PATIENCE_SECONDS)

    def reset(self) -> None:
        """End it as a crash does, not as a close; once the caller has got its connection."""
        self.over.wait(0.05)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _until(self, end: bytes) -> bytes:
        received = b""
        while end not in received:
            received += self._more()
        return received

    def _more(self) -> bytes:
        part = self.sock.recv(65536)
        if not part:
            raise ConnectionError
        return part


Behaviour = Callable[[Connection], None]
Respond = Callable[[Request], Reply]


def http(respond: Respond) -> Behaviour:
    """A server that answers each request as `respond` says."""

    def serve(connection: Connection) -> None:
        reply = respond(connection.request())
        connection.over.wait(reply.seconds)
        connection.send(raw(reply))

    return serve


def raw(reply: Reply) -> bytes:
    """An answer's bytes."""
    phrase = HTTPStatus(reply.status).phrase if reply.status in set(HTTPStatus) else "Odd"
    lines = [f"HTTP/1.1 {reply.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    if "transfer-encoding" not in reply.headers:
        lines.append(f"content-length: {len(reply.body)}")
    lines += ["connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + reply.body


def _shake_hands(encrypted: ssl.SSLSocket) -> None:
    try:
        encrypted.do_handshake()
    except ssl.SSLError:
        while socket.socket.recv(encrypted, 65536):
            """A close with something unread is a reset, and would overtake the alert."""
        raise


@contextmanager
def serving(
    behaviour: Behaviour, tls: ssl.SSLContext | None = None, raw_behaviour: Behaviour | None = None
) -> Iterator[tuple[int, list[Request]]]:
    """A server that behaves so, over TLS with `tls`, or as `raw_behaviour` instead of a handshake.

    The port where it listens, and the requests that it got.
    """
    over = threading.Event()
    requests: list[Request] = []
    threads: list[threading.Thread] = []
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def talk(sock: socket.socket) -> None:
        sock.settimeout(_PATIENCE_SECONDS)
        with suppress(OSError, ValueError), sock:
            if raw_behaviour is not None:
                raw_behaviour(Connection(sock, over, requests))
                return
            if tls is None:
                behaviour(Connection(sock, over, requests))
                return
            with tls.wrap_socket(
                sock, server_side=True, do_handshake_on_connect=False
            ) as encrypted:
                _shake_hands(encrypted)
                behaviour(Connection(encrypted, over, requests))

    def accept() -> None:
        with suppress(OSError):
            while True:
                sock, _ = listener.accept()
                threads.append(threading.Thread(target=talk, args=(sock,)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield listener.getsockname()[1], requests
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()
        for thread in threads:
            thread.join()
