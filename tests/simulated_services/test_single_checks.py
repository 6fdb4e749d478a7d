"""What no simulated service shows: oddities of this machine, of the URL, of the doctor itself."""

import errno
import socket
import ssl
from dataclasses import replace
from typing import Any, Self

import pytest
from claimsctl.doctor.calls import CallId, Run
from claimsctl.doctor.checks import dns, latency, tcp, tls, url
from claimsctl.doctor.runner import Check, run_checks
from claimsctl.doctor.target import Expectations, Target
from claimsctl.judge.attempt import Attempt
from claimsctl.judge.finding import Finding, Level, NoResult
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.effort import tries
from tests.simulated_services import before_http, certificates
from tests.simulated_services.internet import Internet
from tests.simulated_services.server import Connection
from tests.simulated_services.simulated_service import (
    HOST,
    Service,
    doctor_report,
    problems,
    running,
)

GOOD = Service(name="", behaviour=before_http.GOOD_SERVICE, tls=certificates.good)


def _found(
    target_url: str, *checks: Check, trust: ssl.SSLContext | None = None
) -> dict[str, Finding]:
    expectations = Expectations(wait_ms=5000)
    target = Target(target_url, expectations, trust) if trust else Target(target_url, expectations)
    report = run_checks(target, checks)
    return {finding.id: finding for finding in report.findings}


def _trust(*authorities: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for authority in authorities:
        authority.configure_trust(context)
    return context


def test_http_is_a_failure_but_on_this_machine() -> None:
    """A trial on this machine gets a warning, and goes on."""
    assert Level.FAIL is _found("http://claims.example.com/", url.CHECK)["URL001"].level
    for host in ("localhost", "127.0.0.1", "[::1]", "claims.localhost"):
        assert Level.WARN is _found(f"http://{host}:8000/", url.CHECK)["URL001"].level


def test_a_machine_that_trusts_more_is_reported(internet: Internet) -> None:
    """What works on this machine may not work for Entra."""
    with running(GOOD, internet):
        findings = _found(
            f"https://{HOST}/", tcp.CHECK, tls.CHECK, trust=_trust(certificates.private())
        )
    assert Level.WARN is findings["TLS007"].level
    assert findings["TLS007"].evidence.startswith("this machine trusts the certificate")
    assert Level.FAIL is findings["TLS001"].level


def test_a_machine_that_trusts_less_is_reported(internet: Internet) -> None:
    """A machine with old roots is no reason to doubt the endpoint."""
    service = replace(GOOD, tls=certificates.of_a_private_authority_alone)
    with running(service, internet):
        findings = _found(
            f"https://{HOST}/", tcp.CHECK, tls.CHECK, trust=_trust(certificates.private())
        )
    assert Level.OK is findings["TLS001"].level
    assert Level.WARN is findings["TLS007"].level
    assert findings["TLS007"].evidence.startswith("Mozilla's roots include the authority")


@pytest.mark.parametrize(
    ("addresses", "level"),
    [(("2606:4700::1111", "8.8.8.8"), Level.OK), (("2606:4700::1111",), Level.SKIP)],
    ids=["both", "IPv6 only"],
)
def test_a_machine_without_ipv6_finds_no_fault(
    addresses: tuple[str, ...],
    level: Level,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That this machine has no way there says nothing of the endpoint."""

    def look_up(*_: object, **__: object) -> list[Any]:
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                0,
                "",
                (address, 443),
            )
            for address in addresses
        ]

    class Socket:
        def __init__(self, family: int, *_: object) -> None:
            self.family = family

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...

        def settimeout(self, _: float) -> None: ...

        def connect(self, _: object) -> None:
            if self.family == socket.AF_INET6:
                raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "socket", Socket)
    finding = _found("https://claims.example.com/", tcp.CHECK)["TCP001"]
    assert level is finding.level
    assert "not tried: this machine has no IPv6" in finding.evidence


def test_an_address_that_is_silent_is_not_in_time(
    internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A firewall that drops what comes costs the wait: Entra sees no answer, not a refusal."""

    def connect(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(tcp, "_connect", connect)
    with running(GOOD, internet):
        finding = _found(f"https://{HOST}/", tcp.CHECK)["TCP001"]
    assert (Level.FAIL, 1003005) == (finding.level, finding.entra_code)


def test_a_resolver_that_hangs_is_not_waited_for(
    internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lookup knows no time-out: the doctor does."""
    monkeypatch.setattr(dns, "_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    finding = _found("https://claims.example.com/", dns.CHECK)["DNS001"]
    assert (Level.FAIL, 1003027) == (finding.level, finding.entra_code)


def test_a_warm_answer_near_the_wait_is_a_warning(internet: Internet) -> None:
    """From four fifths of the wait on there is no room for a bad day; beyond it sign-in ends."""
    with running(GOOD, internet):
        target = Target(f"https://{HOST}/callout", Expectations(wait_ms=60_000))
        made = Run(target).call_as_entra(CallId.FIRST, "x")
    levels = [
        latency._judged(
            "LAT001",
            [replace(made, attempt=_taking(made.attempt, elapsed_ms))],
            target.expectations,
            asks_for_claims=False,
        ).level
        for elapsed_ms in (47_999, 48_001, 60_001)
    ]
    assert [Level.OK, Level.WARN, Level.FAIL] == levels


def _taking(attempt: Attempt, elapsed_ms: float) -> Attempt:
    return replace(attempt, elapsed_ms=elapsed_ms)


@settings(
    max_examples=tries(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    said=st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda b: b"HTTP/1.1 " + b))
)
def test_whatever_bytes_come_there_is_a_finding(said: bytes, internet: Internet) -> None:
    """No server can break the doctor: what is not fine is the endpoint."""

    def talk(connection: Connection) -> None:
        connection.request()
        connection.send(said)

    with running(Service(name="", behaviour=talk), internet):
        report = doctor_report(Service(name="", wait_ms=400))
    assert [] == [f for f in report.findings if f.no_result is NoResult.BROKEN]
    assert any(level == "fail" for _, level in problems(report))


HEADER = st.tuples(
    st.sampled_from(["location", "content-type", "server", "www-authenticate", "x-powered-by"]),
    st.text(
        st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40
    ),
)


@settings(
    max_examples=tries(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    status=st.integers(200, 599), headers=st.lists(HEADER, max_size=4), body=st.binary(max_size=80)
)
def test_whatever_is_answered_there_is_a_finding(
    status: int, headers: list[tuple[str, str]], body: bytes, internet: Internet
) -> None:
    """No answer can break the doctor either."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    answer = f"HTTP/1.1 {status} X\r\n{head}connection: close\r\n\r\n".encode("latin-1") + body

    def talk(connection: Connection) -> None:
        connection.request()
        connection.send(answer)

    with running(Service(name="", behaviour=talk), internet):
        report = doctor_report(Service(name="", wait_ms=400))
    assert [] == [f for f in report.findings if f.no_result is NoResult.BROKEN]
