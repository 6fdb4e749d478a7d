"""A request to a server with faults, and the possible faults."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import BinaryIO, Final
from urllib.parse import urlsplit

PATIENCE_SECONDS: Final = 60
"""How long anything hangs at most: no fault outlives its test."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, whole."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Exchange:
    """A request that has arrived, and the means to treat it badly.

    Raises ``OSError`` from any method once the other side has gone or the fault is over.
    """

    def __init__(
        self, connection: socket.socket, request: Request, upstream: str, over: threading.Event
    ) -> None:
        self.request = request
        self._connection = connection
        self._upstream = urlsplit(upstream)
        self._over = over

    def ask(self) -> Answer:
        """The engine's own answer."""
        engine = HTTPConnection(
            self._upstream.hostname or "", self._upstream.port, timeout=PATIENCE_SECONDS
        )
        try:
            request = self.request
            engine.request(request.method, request.path, request.body, dict(request.headers))
            response = engine.getresponse()
            hop = {"connection", "transfer-encoding", "content-length", "keep-alive"}
            headers = {k: v for k, v in response.getheaders() if k.lower() not in hop}
            return Answer(response.status, headers, response.read())
        finally:
            engine.close()

    def send(self, data: bytes) -> None:
        """Send some bytes."""
        self._connection.sendall(data)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._over.wait(min(left, 0.05)) or self._caller_has_gone():
                raise ConnectionAbortedError

    def hang(self) -> None:
        """Let time pass until the fault is over."""
        self.wait(PATIENCE_SECONDS)
        raise ConnectionAbortedError

    def close(self) -> None:
        """End the connection properly."""
        raise ConnectionAbortedError

    def reset(self) -> None:
        """Reset the connection."""
        linger = struct.pack("ii", 1, 0)  # on, 0 seconds
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raise ConnectionAbortedError

    def _caller_has_gone(self) -> bool:
        if isinstance(self._connection, ssl.SSLSocket):  # cannot be peeked into
            return False
        try:
            return not self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False


def read_request(stream: BinaryIO) -> Request | None:
    """The next request of a connection, ``None`` at its end."""
    method, _, rest = stream.readline().decode("latin-1").partition(" ")
    if not rest:
        return None
    headers = {}
    while line := stream.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Request(method, rest.partition(" ")[0], headers, body)
