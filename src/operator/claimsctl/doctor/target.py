"""The endpoint to check, and the operator's expectations."""

import json
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

import httpx2

from claimsctl.entra.callout import body_of
from claimsctl.entra.network import public_trust
from claimsctl.entra.tokens import SigningKey

MASK: Final = "…"
"""What a report shows instead of a secret."""

_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Expectations:
    """The operator's expectations of the endpoint."""

    wait_ms: int = 1000
    retries: int = 0
    bearer: str | None = None
    """A token that the endpoint should accept, if the operator has one."""
    invalid_token_key: SigningKey | None = None
    """The issuer's key, to sign invalid tokens; ``None`` uses an unknown key."""
    tenant_id: str | None = None
    allow_anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """The endpoint. `trust` is a strict client's TLS context, by default with public roots."""

    url: str
    expectations: Expectations
    trust: ssl.SSLContext = field(default_factory=public_trust)

    @property
    def parts(self) -> SplitResult:
        """The URL's parts."""
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        """Return the host for DNS and TLS: in ASCII, an IPv6 address without brackets."""
        return httpx2.URL(self.url).raw_host.decode("ascii")

    @property
    def port(self) -> int:
        """The port to connect to."""
        return self.parts.port or _PORTS[self.parts.scheme]

    @property
    def wait_seconds(self) -> float:
        """Return Entra's timeout in seconds, for sockets."""
        return self.expectations.wait_ms / 1000

    @property
    def is_local(self) -> bool:
        """Return whether the endpoint is on this machine, where Entra could not call it."""
        host = self.parts.hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            return True
        with suppress(ValueError):
            return ip_address(host).is_loopback
        return False

    @property
    def shown_url(self) -> str:
        """Return the URL without secrets: credentials and query values, such as a function key."""
        parts = self.parts
        *credentials, host = parts.netloc.rsplit("@", 1)
        names = [pair.partition("=") for pair in parts.query.split("&") if pair]
        return urlunsplit(
            parts._replace(
                netloc=f"{MASK}@{host}" if credentials else host,
                query="&".join(f"{name}={MASK}" if equals else MASK for name, equals, _ in names),
            )
        )

    def callout(self, scenario: str) -> dict[str, Any]:
        """Return the callout of a scenario, for the operator's tenant."""
        body = body_of(scenario)
        if self.expectations.tenant_id is not None:
            body["data"]["tenantId"] = self.expectations.tenant_id
        return body


def encoded(body: Mapping[str, Any]) -> bytes:
    """Return a body in Entra's encoding."""
    return json.dumps(body).encode()
