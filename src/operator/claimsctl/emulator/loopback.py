"""Sockets on the loopback interface, for servers that only this machine may reach."""

import socket
from collections.abc import Iterable
from typing import Final

from claimsctl.errors import OperatorError

HOST = "127.0.0.1"
NAMES: Final = frozenset({HOST, "localhost", "[::1]"})
"""The names of this machine in a Host header."""


def web_page_reason(headers: Iterable[tuple[str, str]], hosts: frozenset[str]) -> str:
    """Return why a request may come from a web page; empty if nothing indicates that.

    A page in this machine's browser can send requests to loopback ports. The browser then adds
    ``Origin`` or ``Sec-Fetch-*``, which servers do not send; and a page whose name resolves to
    this machine (DNS rebinding) has that name in ``Host``. `hosts` are the names, in lower case and
    without a port, that Host may have in addition to this machine's; empty allows any.
    """
    for name, value in headers:
        lower = name.lower()
        if lower == "origin" or lower.startswith("sec-fetch-"):
            return f"the header {lower} shows that a browser sent it"
        if lower == "host" and hosts and _without_port(value) not in NAMES | hosts:
            return "its Host header is neither this machine nor a --host"
    return ""


def _without_port(host: str) -> str:
    name, colon, port = host.strip().lower().rpartition(":")
    return name if colon and port.isdigit() else host.strip().lower()


def bind(port: int, option: str = "--port") -> socket.socket:
    """A socket on `port` of the loopback interface.

    Raises `OperatorError` if the port is in use; the message names `option` for another port.
    """
    # The protocol is named because asyncio otherwise leaves Nagle's algorithm on, which adds 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        message = f"port {port} cannot be used: {error.strerror}; choose another with {option}"
        raise OperatorError(message) from None
    return listener
