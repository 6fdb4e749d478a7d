"""Sockets on this machine's loopback interface, for servers that only this machine may reach."""

import socket
from collections.abc import Iterable
from typing import Final

from claimsctl.errors import OperatorError

HOST = "127.0.0.1"
NAMES: Final = frozenset({HOST, "localhost", "[::1]"})
"""What a Host header may name that was written for this machine."""


def web_page_reason(headers: Iterable[tuple[str, str]], hosts: frozenset[str]) -> str:
    """Why a request may be a web page's; empty when nothing says so.

    A page in this machine's browser can send requests to loopback ports. The browser then adds
    ``Origin`` or ``Sec-Fetch-*``, which no server sends; and a page whose name resolves to this
    machine (DNS rebinding) has that name in ``Host``. `hosts`: the names, in lower case and
    without a port, that Host may have besides this machine's; empty: any.
    """
    for name, value in headers:
        lower = name.lower()
        if lower == "origin" or lower.startswith("sec-fetch-"):
            return f"it has the header {lower}, which browsers send and servers do not"
        if lower == "host" and hosts and _without_port(value) not in NAMES | hosts:
            return "its Host is neither this machine nor a --host"
    return ""


def _without_port(host: str) -> str:
    name, colon, port = host.strip().lower().rpartition(":")
    return name if colon and port.isdigit() else host.strip().lower()


def bind(port: int, option: str = "--port") -> socket.socket:
    """A socket on `port` of the loopback interface.

    Raises `OperatorError` when the port is taken; it names `option`, which chooses another port.
    """
    # With its protocol named: asyncio would leave Nagle's algorithm on, and a callout take 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        message = f"port {port} cannot be used: {error.strerror}; choose another with {option}"
        raise OperatorError(message) from None
    return listener
