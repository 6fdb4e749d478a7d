"""The endpoint under examination: what it may be asked, and every exchange with it."""

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
from claimsctl.entra.client import send_callout
from claimsctl.entra.network import public_trust
from claimsctl.entra.tokens import SigningKey
from claimsctl.judge.attempt import Attempt
from claimsctl.judge.finding import Verdict
from claimsctl.judge.judge import judge_attempt

JSON_TYPE: Final = "application/json"
_PORTS: Final = {"https": 443, "http": 80}
_MASK = "…"


@dataclass(frozen=True, slots=True)
class Expectations:
    """What the operator says of the endpoint."""

    wait_ms: int = 1000
    retries: int = 0
    bearer: str | None = None
    """A token that the endpoint should accept, where one can be had."""
    forger: SigningKey | None = None
    """What tokens that must be refused are signed with: the endpoint's own issuer's key where that
    is at hand, else one that nobody knows."""
    tenant_id: str | None = None
    allow_anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One exchange of the examination, and what it was for."""

    purpose: str
    """Such as ``contract: guest``."""
    request: bytes
    headers: Mapping[str, str]
    """As sent; the bearer token is masked."""
    attempt: Attempt
    verdict: Verdict
    """What Entra would make of it, whether or not it was asked as Entra asks."""


@dataclass(slots=True)
class Patient:
    """The endpoint: each call to it is kept, and none is made but through here.

    `trust` is what a strict client trusts, the public web's roots by default.
    """

    url: str
    expectations: Expectations
    trust: ssl.SSLContext = field(default_factory=public_trust)
    exchanges: list[Exchanged] = field(default_factory=list)
    bearer: str | None = field(init=False)
    """The token that gets in, as far as is known: the operator's, or a forged one that did."""

    def __post_init__(self) -> None:
        """Begin with the operator's token."""
        self.bearer = self.expectations.bearer

    @property
    def parts(self) -> SplitResult:
        """The URL's parts."""
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        """The host as it is looked up and asked for by TLS: in ASCII, an address bare."""
        return httpx2.URL(self.url).raw_host.decode("ascii")

    @property
    def port(self) -> int:
        """The port that is connected to."""
        return self.parts.port or _PORTS[self.parts.scheme]

    @property
    def wait_seconds(self) -> float:
        """Entra's wait, for sockets."""
        return self.expectations.wait_ms / 1000

    @property
    def shown_url(self) -> str:
        """The URL without what opens it: credentials, and the query's values (a function's key)."""
        parts = self.parts
        *credentials, host = parts.netloc.rsplit("@", 1)
        names = [pair.partition("=") for pair in parts.query.split("&") if pair]
        return urlunsplit(
            parts._replace(
                netloc=f"{_MASK}@{host}" if credentials else host,
                query="&".join(f"{name}={_MASK}" if equals else _MASK for name, equals, _ in names),
            )
        )

    def call(
        self,
        purpose: str,
        body: bytes,
        *,
        bearer: str | None = None,
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
        url: str | None = None,
    ) -> Exchanged:
        """One call on a connection of its own, waited for as Entra does.

        `headers` replace the content type that Entra sends, `url` the endpoint's.
        """
        sent = dict(headers) if headers is not None else {"content-type": JSON_TYPE}
        masked = dict(sent)
        if bearer is not None:
            sent["authorization"] = f"Bearer {bearer}"
            masked["authorization"] = f"Bearer {_MASK}"
        wait_ms = self.expectations.wait_ms
        attempt = send_callout(url or self.url, body, sent, wait_ms, self.trust, method)
        verdict = judge_attempt(attempt, wait_ms)
        exchanged = Exchanged(purpose, body, masked, attempt, verdict)
        self.exchanges.append(exchanged)
        return exchanged

    def call_as_entra(self, purpose: str) -> Exchanged:
        """A member's sign-in, with the token that gets in."""
        return self.call(purpose, encoded(self.callout("member")), bearer=self.bearer)

    def made(self, purpose: str) -> Exchanged | None:
        """The first exchange that was for `purpose`."""
        return next((each for each in self.exchanges if each.purpose == purpose), None)

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is on this machine: a trial, which Entra could not call."""
        host = self.parts.hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            return True
        with suppress(ValueError):
            return ip_address(host).is_loopback
        return False

    def callout(self, scenario: str) -> dict[str, Any]:
        """A scenario's body, of the operator's tenant."""
        body = body_of(scenario)
        if self.expectations.tenant_id is not None:
            body["data"]["tenantId"] = self.expectations.tenant_id
        return body


def encoded(body: Mapping[str, Any]) -> bytes:
    """A body as Entra writes it."""
    return json.dumps(body).encode()
