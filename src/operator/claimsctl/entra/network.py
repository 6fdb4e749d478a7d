"""The network under one attempt: every phase timed, all of them within one deadline.

A time-out of the HTTP library is one of a single read: an endpoint that drips its answer would be
waited for far longer than Entra waits.
"""

import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore2

from claimsctl.judge.attempt import Phase

_LEAST_SECONDS = 0.001
"""A socket's time-out of zero means something else."""

Address = tuple[int, int, int, str, Any]


class NameUnknownError(httpcore2.ConnectError):
    """A host's name leads to no address."""


class TlsError(httpcore2.ConnectError):
    """The TLS handshake failed, the certificate's check included."""


class Stopwatch:
    """Which phase an attempt is in, what each took, and what is left of the wait."""

    def __init__(self, wait_ms: float) -> None:
        self._began = self._phase_began = time.perf_counter()
        self._wait = wait_ms / 1000
        self.phase = Phase.DNS
        self.timings: dict[Phase, float] = {}

    def enter(self, phase: Phase) -> None:
        """Leave the phase that it is in, if it is another one."""
        if phase is not self.phase:
            self.stop()
            self.phase = phase

    def stop(self) -> None:
        """Add what the phase has taken so far."""
        now = time.perf_counter()
        taken = (now - self._phase_began) * 1000
        self.timings[self.phase] = self.timings.get(self.phase, 0.0) + taken
        self._phase_began = now

    def elapsed_ms(self) -> float:
        """Milliseconds since the beginning."""
        return (time.perf_counter() - self._began) * 1000

    def remaining(self) -> float:
        """Seconds left. Raises ``TimeoutError`` when none is."""
        left = self._wait - (time.perf_counter() - self._began)
        if left <= 0:
            raise TimeoutError
        return max(left, _LEAST_SECONDS)


class _Stream(httpcore2.NetworkStream):
    """A connection whose every step may take what is left."""

    def __init__(self, sock: socket.socket, address: Any, watch: Stopwatch) -> None:
        self._sock = sock
        self._address = address  # a connection that was reset no longer knows it
        self._watch = watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._watch.enter(self._reading)
        try:
            self._sock.settimeout(self._watch.remaining())
            received = self._sock.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore2.ReadTimeout from error
        except OSError as error:
            if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
                # By TLS 1.3 a server refuses the client's side of the handshake only afterwards.
                raise TlsError(tls_reason(error)) from error
            raise httpcore2.ReadError(str(error)) from error
        if received:
            self._watch.enter(Phase.BODY)
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
    """Resolves and connects, address by address, while there is time."""

    def __init__(self, watch: Stopwatch) -> None:
        self._watch = watch

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
                return _Stream(sock, address, self._watch)
        if isinstance(failure, TimeoutError):
            raise httpcore2.ConnectTimeout from failure
        raise httpcore2.ConnectError(str(failure)) from failure

    def _resolve(self, host: str, port: int) -> list[Address]:
        try:
            return look_up(host, port, self._watch.remaining())
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout from error
        except OSError as error:
            raise NameUnknownError(error.strerror or str(error)) from error


def look_up(host: str, port: int | None, seconds: float, flags: int = 0) -> list[Address]:
    """The addresses of a name, in a thread of its own: a lookup knows no time-out.

    Raises ``TimeoutError`` after `seconds`, another ``OSError`` for a name that leads nowhere or is
    none.
    """
    found: list[Address] = []
    failures: list[OSError] = []

    def resolve() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags))
        except UnicodeError as error:  # a label that is empty or longer than 63 characters
            failures.append(socket.gaierror(socket.EAI_NONAME, f"no name of a host: {error}"))
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=resolve, name="name-lookup", daemon=True)
    thread.start()
    thread.join(seconds)
    if failures:
        raise failures[0]
    if not found:
        raise TimeoutError
    return found


def tls_reason(error: Exception) -> str:
    """Why a handshake has failed, in a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).lower().replace("_", " ")
    return str(error)
