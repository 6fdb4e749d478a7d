"""GET a key set by HTTPS from the issuer's host, without redirects, with size and time limits."""

import ssl
import time
from typing import Final
from urllib.parse import urlsplit

from botocore.httpsession import ProxyConfiguration
from botocore.utils import get_environ_proxies
from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager

from claims_provider.inbound.key_set import KeyServerError

SECONDS: Final = 3.0
"""The limit for the connect, one read and the whole body; no callout waits this long."""

BYTES_MAX: Final = 1024 * 1024
"""The largest key set; Entra's have about 20 KB."""

_OK = 200


class KeyServer:
    """Fetches key sets, through the proxy that the environment names, if any."""

    def __init__(self, context: ssl.SSLContext, hosts: frozenset[str]) -> None:
        """`context` has the trusted certificates; `hosts` are the issuers' hosts."""
        self._context = context
        self._hosts = hosts

    def __call__(self, url: str) -> bytes:
        """Return the body at `url`, which must be an https URL of one of the hosts.

        Raises `KeyServerError` for another URL or an invalid answer, and urllib3's ``HTTPError`` if
        there is no answer.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.hostname not in self._hosts:
            message = "the key server's URL is not an https URL of the issuer's host"
            raise KeyServerError(message)
        with self._manager(url) as manager:
            response = manager.request(
                "GET",
                url,
                headers={"accept": "application/json"},
                timeout=SECONDS,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            try:
                if response.status != _OK:  # including redirects, which would lead to another host
                    message = f"the key server answered with status {response.status}"
                    raise KeyServerError(message)
                return _body(response)
            finally:
                response.close()

    def _manager(self, url: str) -> PoolManager:
        """Return the connection pool, direct or through the proxy that the AWS SDK would use."""
        proxies = ProxyConfiguration(get_environ_proxies(url))
        proxy = proxies.proxy_url_for(url)
        if not proxy:
            return PoolManager(ssl_context=self._context)
        headers = proxies.proxy_headers_for(proxy)
        return ProxyManager(proxy, proxy_headers=headers, ssl_context=self._context)


def _body(response: BaseHTTPResponse) -> bytes:
    ends_at = time.monotonic() + SECONDS
    body = bytearray()
    while part := response.read1(BYTES_MAX):
        body += part
        if len(body) > BYTES_MAX:
            message = f"the key set has more than {BYTES_MAX} bytes"
            raise KeyServerError(message)
        if time.monotonic() > ends_at:
            message = f"fetching the key set took longer than {SECONDS:.0f} s"
            raise KeyServerError(message)
    return bytes(body)
