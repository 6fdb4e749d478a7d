"""What an exhibit is: how it behaves, and what must be found at it: just that, and nothing else."""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from claimsctl.doctor.checks import ENDPOINT_CHECKS
from claimsctl.doctor.runner import Diagnosis, examine
from claimsctl.doctor.target import Expectations, Patient
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.entra.tokens import mint
from claimsctl.judge.finding import Level

from tests.simulated_services.internet import PUBLIC, Internet, Site
from tests.simulated_services.server import Reply, Request, Respond, Wire, http, serving
from tests.tokens import issuer_key

HOST = "claims.contoso.example.com"
PATIENT_MS = 2000
"""Long enough that no noise of the machine is taken for a slow endpoint."""
HASTY_MS = 250
"""For exhibits that are not in time whatever the wait is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """An endpoint on show."""

    name: str
    found: str = ""
    """Every finding that must be a fail or a warn, such as ``AUT001 fail, HYG002 warn``."""
    code: int | None = None
    """Entra's code of the first cause."""
    wire: Wire | None = None
    """How it talks; ``None``: nobody listens."""
    before_tls: Wire | None = None
    """How it talks in place of TLS."""
    tls: Callable[[str], ssl.SSLContext] | None = None
    """What it shows in a handshake. Without, it is served by http and URL001 is not asked for:
    what is behind it is the matter."""
    host: str = HOST
    url: str = "{scheme}://{host}/callout"
    is_known: bool = True
    """Whether the host's name is in DNS."""
    addresses: tuple[str, ...] = (PUBLIC,)
    dead: tuple[str, ...] = ()
    alias: str = ""
    wait_ms: int = PATIENT_MS
    retries: int = 0
    with_token: bool = True
    """Whether the operator gives the token that `guarded` lets in."""
    with_issuers_key: bool = False
    """Whether forged tokens are signed with the issuer's own key."""
    allow_anonymous: bool = False

    @property
    def expected(self) -> set[tuple[str, str]]:
        """`found` as pairs of id and level."""
        pairs = (each.split() for each in self.found.split(", ") if each)
        return {(id_, level) for id_, level in pairs}


@cache
def token() -> str:
    """The token of a caller who is let in."""
    return mint(TokenProfile(TENANT_ID).claims(int(time.time())), issuer_key())


def guarded(respond: Respond) -> Wire:
    """A well-kept server: it lets in who has that token, and answers callouts only."""
    return routed(protected(careful(respond)))


def protected(respond: Respond) -> Respond:
    """Only for who has the token."""
    return lambda request: respond(request) if request.token == token() else Reply(401, b"{}")


def careful(respond: Respond) -> Respond:
    """Only for what is a callout."""

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


def routed(respond: Respond) -> Wire:
    """A server that takes POST at one path only."""

    def route(request: Request) -> Reply:
        if request.path.partition("?")[0] != "/callout":
            return Reply(404, b'{"error": "no such route"}')
        return respond(request) if request.method == "POST" else Reply(405, b"{}")

    return http(route)


@contextmanager
def on_show(exhibit: Exhibit, internet: Internet) -> Iterator[list[Request]]:
    """The exhibit, running under its name; what it is asked."""
    if not exhibit.is_known:
        yield []
        return
    sites = internet.sites
    if exhibit.wire is None and exhibit.before_tls is None:
        sites[exhibit.host] = Site(1, exhibit.addresses)
        yield []
        return
    tls = exhibit.tls(exhibit.host) if exhibit.tls is not None else None
    with serving(exhibit.wire or _silent, tls, exhibit.before_tls) as (port, requests):
        sites[exhibit.host] = Site(port, exhibit.addresses, exhibit.dead, exhibit.alias)
        yield requests


def examined(exhibit: Exhibit) -> Diagnosis:
    """What the doctor finds at it."""
    by_tls = exhibit.tls is not None or exhibit.before_tls is not None
    patient = Patient(
        url_of(exhibit),
        Expectations(
            wait_ms=exhibit.wait_ms,
            retries=exhibit.retries,
            bearer=token() if exhibit.with_token else None,
            forger=issuer_key() if exhibit.with_issuers_key else None,
            allow_anonymous=exhibit.allow_anonymous,
        ),
    )
    return examine(patient, ENDPOINT_CHECKS, ignore=() if by_tls else ("URL001",))


def url_of(exhibit: Exhibit) -> str:
    """The target URL."""
    by_tls = exhibit.tls is not None or exhibit.before_tls is not None
    return exhibit.url.format(scheme="https" if by_tls else "http", host=exhibit.host)


def bad(diagnosis: Diagnosis) -> set[tuple[str, str]]:
    """All that was not right."""
    return {
        (each.id, each.level.value)
        for each in diagnosis.findings
        if each.level in {Level.WARN, Level.FAIL}
    }


def _silent(_: object) -> None:
    raise AssertionError
