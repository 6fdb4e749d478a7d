"""One GET of a key set: HTTPS, no redirects, no private addresses, no more than a megabyte."""

import socket
import ssl
from collections.abc import Callable
from http.client import HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from claims_provider.inbound.key_set import KeyServerError

SECONDS: Final = 3.0
"""What one read or write may take: a bound for calls that nobody waits for any more."""

BYTES_MAX: Final = 1024 * 1024
"""Entra's key sets have some 20 KB."""

_OK = 200
_UNICAST = IPv6Network("2000::/3")
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""How hosts without IPv4 see it, by NAT64 (RFC 6052)."""


def is_public(address: str) -> bool:
    """Whether `address` (an IP address) is anybody's to reach: a key server's always is.

    A name that leads elsewhere was tampered with, and what answers there must not become a key.
    """
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip in _TRANSLATED:
            ip = IPv4Address(int(ip) & 0xFFFF_FFFF)
        elif ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip not in _UNICAST or ip.sixtofour is not None or ip.teredo is not None:
            return False  # leads to an IPv4 address within, or nowhere
    return ip.is_global and not ip.is_multicast


class KeyServer:
    """Fetches key sets. Takes no proxy of the environment."""

    def __init__(
        self, context: ssl.SSLContext, may_connect: Callable[[str], bool] = is_public
    ) -> None:
        """`context` says who is trusted; `may_connect` which addresses are."""
        self._context = context
        self._may_connect = may_connect

    def __call__(self, url: str) -> bytes:
        """The body at `url`.

        Raises `KeyServerError` for an answer that is none, ``OSError`` when none comes.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.hostname is None:
            message = "the key server's URL is not https"
            raise KeyServerError(message)
        connection = HTTPSConnection(parts.hostname, parts.port or 443)
        connection.sock = self._connect(parts.hostname, parts.port or 443)
        try:
            connection.request("GET", parts.path or "/", headers={"accept": "application/json"})
            response = connection.getresponse()
            if response.status != _OK:  # a redirect included: it would lead past the checks
                message = f"the key server answers with status {response.status}"
                raise KeyServerError(message)
            body = response.read(BYTES_MAX + 1)
        except HTTPException:
            message = "the key server does not speak HTTP"
            raise KeyServerError(message) from None
        finally:
            connection.close()
        if len(body) > BYTES_MAX:
            message = f"the key set has more than {BYTES_MAX} bytes"
            raise KeyServerError(message)
        return body

    def _connect(self, host: str, port: int) -> ssl.SSLSocket:
        """A connection to the address that was checked: no second look-up that says otherwise."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [address for *_, (address, *_) in found if self._may_connect(str(address))]
        if not addresses:
            message = "the key server's name leads to no public address"
            raise KeyServerError(message)
        failure: OSError | None = None
        for address in addresses:
            try:
                plain = socket.create_connection((str(address), port), timeout=SECONDS)
            except OSError as error:
                failure = error
                continue
            return self._shake_hands(plain, host)
        raise failure or OSError

    def _shake_hands(self, plain: socket.socket, host: str) -> ssl.SSLSocket:
        connection = self._context.wrap_socket(
            plain, server_hostname=host, do_handshake_on_connect=False
        )
        try:
            connection.do_handshake()
        except BaseException:  # given up in the middle, too
            connection.close()
            raise
        return connection
