"""Network basics for a call: addresses, trusted roots, and a deadline with phases.

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
"""``maximumRetries`` of the extension, according to Graph's reference."""

_LEAST_SECONDS: Final = 0.001
"""A socket timeout of zero would mean non-blocking mode."""

Address = tuple[int, int, int, str, Any]


class Stopwatch:
    """The current phase of an attempt, the time of each phase, and the remaining time."""

    def __init__(self, wait_ms: float) -> None:
        self._began = self._phase_began = time.perf_counter()
        self._wait = wait_ms / 1000
        self.phase = Phase.DNS
        self.timings: dict[Phase, float] = {}

    def enter(self, phase: Phase) -> None:
        """Start `phase`, unless it has already started."""
        if phase is not self.phase:
            self.stop()
            self.phase = phase

    def stop(self) -> None:
        """Add the elapsed time to the current phase."""
        now = time.perf_counter()
        taken = (now - self._phase_began) * 1000
        self.timings[self.phase] = self.timings.get(self.phase, 0.0) + taken
        self._phase_began = now

    def elapsed_ms(self) -> float:
        """Return the milliseconds since the start."""
        return (time.perf_counter() - self._began) * 1000

    def is_over(self) -> bool:
        """Return whether no time remains."""
        return time.perf_counter() - self._began >= self._wait

    def remaining(self) -> float:
        """Return the seconds that remain. Raises ``TimeoutError`` if none do."""
        left = self._wait - (time.perf_counter() - self._began)
        if left <= 0:
            raise TimeoutError
        return max(left, _LEAST_SECONDS)


def public_trust() -> ssl.SSLContext:
    """Return the TLS context of a strict public client: Mozilla's roots, TLS 1.2 and later.

    It ignores this machine's roots, because Entra does not have the ones that an administrator
    added here. ``SSL_CERT_FILE`` replaces the roots, for an endpoint in a test network. Raises
    `OperatorError` if that file contains none.
    """
    given = os.environ.get("SSL_CERT_FILE")
    try:
        context = ssl.create_default_context(cafile=given or certifi.where())
    except OSError as error:  # an ssl.SSLError too
        message = f"SSL_CERT_FILE {given}: no certificates can be read: {error.strerror}"
        raise OperatorError(message) from None
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def is_loopback(host: str) -> bool:
    """Return whether `host`, a name or an address without brackets, is always this machine.

    The only such name is ``localhost``; a subdomain of it may be sent to a name server.
    """
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def resolve_host(host: str, port: int | None, seconds: float, flags: int = 0) -> list[Address]:
    """Return the addresses of `host`, looked up in a thread because a lookup has no timeout.

    Raises ``TimeoutError`` after `seconds`, and another ``OSError`` for a name that does not
    resolve or is malformed.
    """
    found: list[Address] = []
    failures: list[OSError] = []

    def resolve() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags))
        except UnicodeError as error:  # a label that is empty or longer than 63 characters
            failures.append(socket.gaierror(socket.EAI_NONAME, f"not a valid host name: {error}"))
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
    """Return why a handshake failed, in a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).lower().replace("_", " ")
    return str(error)
