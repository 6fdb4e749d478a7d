"""A network backend for the HTTP library that times each phase and applies one deadline to all.

The HTTP library's timeout applies to a single read. With it alone, the client would wait far longer
than Entra for an endpoint that sends its answer byte by byte.
"""

import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any, Final

import httpcore2

from claimsctl.entra.network import Address, Stopwatch, resolve_host, tls_reason
from claimsctl.judge.attempt import Phase

_READ_BYTES: Final = 16 * 1024
"""The most that is read at once: the deadline is not checked while a chunk is parsed."""


class NameUnknownError(httpcore2.ConnectError):
    """A host's name does not resolve."""


class TlsError(httpcore2.ConnectError):
    """The TLS handshake failed, including the certificate check."""


class _Stream(httpcore2.NetworkStream):
    """A connection whose every step may take the remaining time."""

    def __init__(
        self, sock: socket.socket, address: Any, watch: Stopwatch, on_end: Callable[[], None]
    ) -> None:
        self._sock = sock
        self._address = address  # not available after a reset
        self._watch = watch
        self._on_end = on_end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._watch.enter(self._reading)
        try:
            self._sock.settimeout(self._watch.remaining())
            received = self._sock.recv(min(max_bytes, _READ_BYTES))
        except TimeoutError as error:
            raise httpcore2.ReadTimeout from error
        except OSError as error:
            if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
                # In TLS 1.3, a server rejects the client's part of the handshake only afterwards.
                raise TlsError(tls_reason(error)) from error
            raise httpcore2.ReadError(str(error)) from error
        if received:
            self._watch.enter(Phase.BODY)
        else:
            self._on_end()
        return received

    @property
    def _reading(self) -> Phase:
        return Phase.BODY if self._watch.phase is Phase.BODY else Phase.FIRST_BYTE

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._watch.enter(Phase.SEND)
        try:
            self._sock.settimeout(self._watch.remaining())
            self._sock.sendall(buffer)
        except TimeoutError as error:
            raise httpcore2.WriteTimeout from error
        except OSError as error:
            raise httpcore2.WriteError(str(error)) from error

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        self._watch.enter(Phase.TLS)
        try:
            self._sock.settimeout(self._watch.remaining())
            self._sock = ssl_context.wrap_socket(self._sock, server_hostname=server_hostname)
        except TimeoutError as error:
            self.close()
            raise httpcore2.ConnectTimeout from error
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            self.close()
            raise TlsError(tls_reason(error)) from error
        return self

    def get_extra_info(self, info: str) -> Any:
        match info:
            case "server_addr":
                return self._address
            case "tls_version":
                return self._sock.version() if isinstance(self._sock, ssl.SSLSocket) else None
            case _:
                return None


class TimedNetwork(httpcore2.NetworkBackend):
    """Resolves the name and tries each address while time remains."""

    def __init__(self, watch: Stopwatch) -> None:
        self._watch = watch
        self.has_ended = False
        """Return whether the other side has closed the connection."""

    def _end(self) -> None:
        self.has_ended = True

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        addresses = self._resolve(host, port)
        self._watch.enter(Phase.CONNECT)
        failure: OSError | None = None
        for family, kind, protocol, _, address in addresses:
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(self._watch.remaining())
                sock.connect(address)
            except OSError as error:
                sock.close()
                failure = error
            else:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return _Stream(sock, address, self._watch, self._end)
        if isinstance(failure, TimeoutError):
            raise httpcore2.ConnectTimeout from failure
        raise httpcore2.ConnectError(str(failure)) from failure

    def _resolve(self, host: str, port: int) -> list[Address]:
        try:
            return resolve_host(host, port, self._watch.remaining())
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout from error
        except OSError as error:
            raise NameUnknownError(error.strerror or str(error)) from error
