"""A small OpenID provider: an HTTP server that publishes discovery and keys, and signs tokens."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from claimsctl.entra.tokens import SigningKey, mint

from tests.key_servers import key_set
from tests.tokens import signing_key

APP_ID = "00001111-aaaa-2222-bbbb-3333cccc4444"
"""The app that its tokens name as the caller."""
TENANT_ID = "99998888-7777-6666-5555-444433332222"
AUDIENCE = "api://my-app.example.com"


@dataclass
class OpenIdProvider:
    """Who it is, and what it answers; a test may change it while it runs."""

    url: str = ""
    key: SigningKey = field(default_factory=lambda: signing_key(2))
    body: bytes | None = None
    """What it answers in place of its keys."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drip_seconds: float = 0.0
    """The pause after each byte of an answer."""
    asked: list[str] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        """``iss`` of its tokens."""
        return f"{self.url}/{TENANT_ID}/v2.0"

    @property
    def keys_url(self) -> str:
        """``jwks_uri``."""
        return f"{self.url}/{TENANT_ID}/discovery/v2.0/keys"

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a good token, with `changes`; ``None`` leaves a claim out."""
        now = int(time.time())
        good = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "azp": APP_ID,
            "tid": TENANT_ID,
            "ver": "2.0",
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def token(self, **changes: Any) -> str:
        """A token that it has signed."""
        return mint(self.claims(**changes), self.key)

    def answer_to(self, path: str) -> bytes | None:
        """The body at `path`, ``None`` where there is none."""
        self.asked.append(path)
        discovery = {"issuer": self.issuer, "jwks_uri": self.keys_url}
        return {
            f"/{TENANT_ID}/v2.0/.well-known/openid-configuration": json.dumps(discovery).encode(),
            f"/{TENANT_ID}/discovery/v2.0/keys": self.body or key_set(self.key),
        }.get(path)


@contextmanager
def openid_provider() -> Iterator[OpenIdProvider]:
    """A provider on any port of the loopback interface, for as long as the context lasts."""
    provider = OpenIdProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = provider.answer_to(self.path)
            self.send_response(404 if body is None else provider.status)
            for name, value in provider.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            try:
                self._send(body or b"")
            except OSError:
                self.close_connection = True  # the client waits no longer

        def _send(self, body: bytes) -> None:
            if not provider.drip_seconds:
                self.wfile.write(body)
                return
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(provider.drip_seconds)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
