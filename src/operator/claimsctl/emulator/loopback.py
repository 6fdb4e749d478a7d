"""Sockets on this machine's loopback interface, for servers that nobody else may reach."""

import socket

from claimsctl.errors import OperatorError

HOST = "127.0.0.1"


def bind(port: int, option: str = "--port") -> socket.socket:
    """A socket on `port` of the loopback interface; `option` is what chooses another one.

    Raises `OperatorError` when the port is taken.
    """
    # By its protocol's name: else asyncio leaves Nagle's algorithm on, and a callout takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        message = f"port {port} cannot be used: {error.strerror}; choose another with {option}"
        raise OperatorError(message) from None
    return listener
