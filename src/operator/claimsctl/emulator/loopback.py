"""Sockets on this machine's loopback interface, for servers that only this machine may reach."""

import socket

from claimsctl.errors import OperatorError

HOST = "127.0.0.1"


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
