"""The address of the real service, and the connection to it."""

import asyncio
import ipaddress
import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from claimsctl.entra.network import Stopwatch, tls_reason
from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Cause, NoAnswer, Phase

_PORTS: Final = {"http": 80, "https": 443}
_HANDSHAKE_SECONDS: Final = 24 * 60 * 60.0
"""No timeout for a service that hangs: asyncio would otherwise end a handshake after a minute."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The destination of forwarded requests."""

    scheme: str
    host: str
    port: int
    shown_host: str
    """The value for the Host header, with a port that is not the scheme's default."""

    @property
    def origin(self) -> str:
        """Return the scheme, host and port."""
        return f"{self.scheme}://{self.shown_host}"


def parse_upstream(url: str) -> Upstream:
    """Return the service at `url`, ignoring path and query. Raises `OperatorError`."""
    parsed = httpx2.URL(url)  # names in other scripts
    if urlsplit(url).username is not None:
        message = "--upstream: user name and password in a URL are not forwarded; remove them"
        raise OperatorError(message)
    host = parsed.raw_host.decode("ascii")
    return Upstream(
        scheme=parsed.scheme,
        host=host,
        port=parsed.port or _PORTS[parsed.scheme],
        shown_host=parsed.netloc.decode("ascii"),
    )


class NoConnectionError(Exception):
    """There is no connection to the upstream."""

    def __init__(self, no_answer: NoAnswer) -> None:
        super().__init__(no_answer.detail)
        self.no_answer = no_answer


async def connect(
    upstream: Upstream,
    trust: ssl.SSLContext,
    protocol: Callable[[], asyncio.Protocol],
    stopwatch: Stopwatch,
) -> None:
    """Connect `protocol` to `upstream`, without a timeout. Raises `NoConnectionError`."""
    loop = asyncio.get_running_loop()
    try:
        addresses = await _resolve(upstream)
    except OSError as error:
        raise _failed(Cause.NAME, Phase.DNS, error.strerror or str(error)) from error
    stopwatch.enter(Phase.CONNECT)
    try:
        sock = await _first_that_accepts(addresses)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)  # asyncio has its own text
        raise _failed(Cause.CONNECT, Phase.CONNECT, reason) from error
    if upstream.scheme == "http":
        await loop.create_connection(protocol, sock=sock)
        return
    stopwatch.enter(Phase.TLS)
    try:
        await loop.create_connection(
            protocol,
            sock=sock,
            ssl=trust,
            server_hostname=upstream.host,
            ssl_handshake_timeout=_HANDSHAKE_SECONDS,
        )
    except (OSError, ValueError) as error:
        raise _failed(Cause.TLS, Phase.TLS, tls_reason(error)) from error


def _failed(cause: Cause, phase: Phase, detail: str) -> NoConnectionError:
    return NoConnectionError(NoAnswer(cause, phase, detail))


async def _resolve(upstream: Upstream) -> list[Any]:
    with suppress(ValueError):  # an address needs no lookup in a thread
        version = ipaddress.ip_address(upstream.host).version
        family = socket.AF_INET if version == 4 else socket.AF_INET6  # noqa: PLR2004
        return [
            (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (upstream.host, upstream.port))
        ]
    return await asyncio.get_running_loop().getaddrinfo(
        upstream.host, upstream.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )


async def _first_that_accepts(addresses: list[Any]) -> socket.socket:
    failure = OSError("no address")
    for family, kind, protocol, _, address in addresses:
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)  # noqa: FBT003  # the socket's own interface
        try:
            await asyncio.get_running_loop().sock_connect(sock, address)
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:  # cancelled because the caller disconnected
            sock.close()
            raise
        else:
            return sock
    raise failure
