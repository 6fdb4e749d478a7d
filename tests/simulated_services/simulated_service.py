"""What a simulated service is: how it behaves, and exactly what the doctor must find at it."""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from claimsctl.doctor.checks import ENDPOINT_CHECKS
from claimsctl.doctor.runner import Report, run_checks
from claimsctl.doctor.target import Expectations, Target
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.entra.tokens import mint
from claimsctl.judge.finding import Level

from tests.simulated_services.internet import PUBLIC, Internet, Site
from tests.simulated_services.server import Behaviour, Reply, Request, Respond, http, serving
from tests.tokens import issuer_key

HOST = "claims.contoso.example.com"
GENEROUS_MS = 2000
"""Long enough that no noise of the machine is taken for a slow endpoint."""
SHORT_MS = 250
"""For services that are not in time however long the wait is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An endpoint, and what must be found at it."""

    name: str
    found: str = ""
    """Every finding that must be a fail or a warn, such as ``AUT001 fail, HYG002 warn``."""
    code: int | None = None
    """Entra's code of the first cause."""
    behaviour: Behaviour | None = None
    """How it behaves on a connection; ``None``: nothing listens."""
    before_tls: Behaviour | None = None
    """How it behaves in place of a TLS handshake."""
    tls: Callable[[str], ssl.SSLContext] | None = None
    """What it serves in a handshake. Without it, the service speaks http, and URL001 is ignored:
    the test is about what follows."""
    host: str = HOST
    url: str = "{scheme}://{host}/callout"
    is_known: bool = True
    """Whether the host's name is in DNS."""
    addresses: tuple[str, ...] = (PUBLIC,)
    dead: tuple[str, ...] = ()
    alias: str = ""
    wait_ms: int = GENEROUS_MS
    retries: int = 0
    with_token: bool = True
    """Whether the operator gives the token that `guarded` accepts."""
    with_issuer_key: bool = False
    """Whether invalid tokens are signed with the issuer's own key."""
    allow_anonymous: bool = False

    @property
    def expected(self) -> set[tuple[str, str]]:
        """`found` as pairs of id and level."""
        pairs = (each.split() for each in self.found.split(", ") if each)
        return {(id_, level) for id_, level in pairs}


@cache
def token() -> str:
    """The token of a caller who is accepted."""
    return mint(TokenProfile(TENANT_ID).claims(int(time.time())), issuer_key())


def guarded(respond: Respond) -> Behaviour:
    """A correct server: it accepts only that token, and answers only callouts."""
    return routed(protected(careful(respond)))


def protected(respond: Respond) -> Respond:
    """`respond`, for callers with the token only."""
    return lambda request: respond(request) if request.token == token() else Reply(401, b"{}")


def careful(respond: Respond) -> Respond:
    """`respond`, for callouts only."""

    def check(request: Request) -> Reply:
        if len(request.body) > 65536:
            return Reply(413, b"{}")
        if request.headers.get("content-type") != "application/json":
            return Reply(415, b"{}")
        try:
            request.document()
        except ValueError:
            return Reply(400, b"{}")
        return respond(request)

    return check


def routed(respond: Respond) -> Behaviour:
    """A server that takes POST at one path only."""

    def route(request: Request) -> Reply:
        if request.path.partition("?")[0] != "/callout":
            return Reply(404, b'{"error": "no such route"}')
        return respond(request) if request.method == "POST" else Reply(405, b"{}")

    return http(route)


@contextmanager
def running(service: Service, internet: Internet) -> Iterator[list[Request]]:
    """Run the service under its name; the requests that it gets."""
    if not service.is_known:
        yield []
        return
    sites = internet.sites
    if service.behaviour is None and service.before_tls is None:
        sites[service.host] = Site(1, service.addresses)
        yield []
        return
    tls = service.tls(service.host) if service.tls is not None else None
    with serving(service.behaviour or _silent, tls, service.before_tls) as (port, requests):
        sites[service.host] = Site(port, service.addresses, service.dead, service.alias)
        yield requests


def doctor_report(service: Service) -> Report:
    """What the doctor reports about it."""
    by_tls = service.tls is not None or service.before_tls is not None
    target = Target(
        url_of(service),
        Expectations(
            wait_ms=service.wait_ms,
            retries=service.retries,
            bearer=token() if service.with_token else None,
            invalid_token_key=issuer_key() if service.with_issuer_key else None,
            allow_anonymous=service.allow_anonymous,
        ),
    )
    return run_checks(target, ENDPOINT_CHECKS, ignore=() if by_tls else ("URL001",))


def url_of(service: Service) -> str:
    """The target URL."""
    by_tls = service.tls is not None or service.before_tls is not None
    return service.url.format(scheme="https" if by_tls else "http", host=service.host)


def problems(report: Report) -> set[tuple[str, str]]:
    """The warnings and failures, as pairs of id and level."""
    return {
        (each.id, each.level.value)
        for each in report.findings
        if each.level in {Level.WARN, Level.FAIL}
    }


def _silent(_: object) -> None:
    raise AssertionError
