"""What a call over the network needs: addresses, trusted roots, a deadline with phases.

This module imports no HTTP library: `claimsctl.entra.client` makes the calls.
"""

import os
import socket
import ssl
import threading
import time
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, Final

import certifi

from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Phase

RETRIES_MAX: Final = 1
"""``maximumRetries`` of the extension, by Graph's reference."""

_LEAST_SECONDS: Final = 0.001
"""A socket's time-out of zero means something else."""

Address = tuple[int, int, int, str, Any]


class Stopwatch:
    """The phase of an attempt, the time that each phase took, and the time that is left."""

    def __init__(self, wait_ms: float) -> None:
        self._began = self._phase_began = time.perf_counter()
        self._wait = wait_ms / 1000
        self.phase = Phase.DNS
        self.timings: dict[Phase, float] = {}

    def enter(self, phase: Phase) -> None:
        """Begin `phase`, unless it has begun already."""
        if phase is not self.phase:
            self.stop()
            self.phase = phase

    def stop(self) -> None:
        """Add the time since then to the current phase."""
        now = time.perf_counter()
        taken = (now - self._phase_began) * 1000
        self.timings[self.phase] = self.timings.get(self.phase, 0.0) + taken
        self._phase_began = now

    def elapsed_ms(self) -> float:
        """Milliseconds since the beginning."""
        return (time.perf_counter() - self._began) * 1000

    def is_over(self) -> bool:
        """Whether no time is left."""
        return time.perf_counter() - self._began >= self._wait

    def remaining(self) -> float:
        """Seconds left. Raises ``TimeoutError`` when none is."""
        left = self._wait - (time.perf_counter() - self._began)
        if left <= 0:
            raise TimeoutError
        return max(left, _LEAST_SECONDS)


def public_trust() -> ssl.SSLContext:
    """The trust of a strict client of the public web: Mozilla's roots, TLS 1.2 and later.

    Not this machine's roots: Entra has none that its administrator has added. ``SSL_CERT_FILE``
    names others, for an endpoint in a test network. Raises `OperatorError` when it has none.
    """
    given = os.environ.get("SSL_CERT_FILE")
    try:
        context = ssl.create_default_context(cafile=given or certifi.where())
    except OSError as error:  # an ssl.SSLError too
        message = f"SSL_CERT_FILE {given}: no certificates can be read from it: {error.strerror}"
        raise OperatorError(message) from None
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address without brackets, is this machine whoever resolves it.

    Of names only ``localhost`` is: another one below it may be asked of a name server.
    """
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def resolve_host(host: str, port: int | None, seconds: float, flags: int = 0) -> list[Address]:
    """The addresses of `host`, looked up in a thread: a lookup has no time-out.

    Raises ``TimeoutError`` after `seconds`, another ``OSError`` for a name that does not resolve or
    is malformed.
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
