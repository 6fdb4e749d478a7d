"""A server on loopback between the function and its table, with configurable faults."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Self

from tests.integration.exchange import PATIENCE_SECONDS, Exchange, Request, read_request

HOST: Final = "127.0.0.1"


class Door(Enum):
    """What happens to a new connection."""

    OPEN = auto()
    CLOSED = auto()
    """Refused at once."""
    FULL = auto()
    """Never accepted, never refused: the handshake hangs."""
    MUTE = auto()
    """Accepted, and never read from."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the proxy does to a request and to a new connection."""

    act: Callable[[Exchange], None]
    door: Door = Door.OPEN


class FaultProxy:
    """A context manager; `faults` are the initial ones, as for `inject`. TLS is optional."""

    def __init__(
        self, upstream: str, *faults: Behaviour, tls: ssl.SSLContext | None = None
    ) -> None:
        self._tls = tls
        self.requests: list[Request] = []
        self._upstream = upstream
        self._lock = threading.Lock()
        self._bound = socket.create_server((HOST, 0))
        self.port: int = self._bound.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}"
        self._listening = ExitStack()
        self._threads: list[threading.Thread] = []
        self._connections: set[socket.socket] = set()
        self._faults: list[Behaviour] = []
        self._over = threading.Event()
        self.inject(*faults)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_fault()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)

    def inject(self, *faults: Behaviour) -> None:
        """From now on behave so: one of `faults` for each request, the last one for ever.

        Connections made before are cut, and whatever hangs is let go.
        """
        self._end_fault()
        with self._lock:
            self._faults = list(faults)
            self._over = threading.Event()
        self._listen(faults[0].door, self._over)

    def _end_fault(self) -> None:
        self._over.set()
        self._listening.close()
        self._bound.close()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _listen(self, door: Door, over: threading.Event) -> None:
        self._bound = socket.socket()
        self._bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._bound.bind((HOST, self.port))
        if door is Door.CLOSED:  # bound, so that nobody else gets the port
            return
        if door is Door.FULL:
            self._bound.listen(0)
            for _ in range(4):
                caller = self._listening.enter_context(socket.socket())
                caller.setblocking(False)  # noqa: FBT003
                caller.connect_ex((HOST, self.port))
            return
        self._bound.listen(128)
        self._bound.settimeout(0.02)  # how soon it notices that the fault is over
        acceptor = self._start(self._accept, self._bound, door, over)
        self._listening.callback(acceptor.join)

    def _start(self, target: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=target, args=arguments, name="fault-proxy", daemon=True)
        thread.start()
        self._threads = [other for other in self._threads if other.is_alive()] + [thread]
        return thread

    def _accept(self, listener: socket.socket, door: Door, over: threading.Event) -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            self._start(self._serve, connection, door, over)

    def _serve(self, connection: socket.socket, door: Door, over: threading.Event) -> None:
        with self._lock:
            self._connections.add(connection)
        try:
            with connection, suppress(OSError):
                if door is Door.MUTE:
                    over.wait(PATIENCE_SECONDS)
                    return
                self._talk(connection, over)
        finally:
            with self._lock:
                self._connections.discard(connection)

    def _talk(self, connection: socket.socket, over: threading.Event) -> None:
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
        with connection, connection.makefile("rb") as stream:
            while (request := read_request(stream)) is not None:
                with self._lock:
                    self.requests.append(request)
                    fault = self._faults.pop(0) if self._faults[1:] else self._faults[0]
                fault.act(Exchange(connection, request, self._upstream, over))
