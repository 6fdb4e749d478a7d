"""A service that cannot be reached is a closed connection, and the recorded exchange says why."""

import socket
import ssl
from pathlib import Path

import pytest
import trustme
from claimsctl.judge.attempt import Cause, Phase

from tests.tap.services import (
    BEHAVIOURS,
    CALLOUT,
    GOOD,
    HOST,
    REQUEST,
    SECONDS,
    answering,
    call,
    raw_service,
    tapped,
)


def test_a_service_that_is_not_there_is_a_closed_connection() -> None:
    """The caller gets no 502 from the tap, and the recorded exchange has the reason."""
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    with tapped(f"http://{HOST}:{port}") as tap:
        assert b"" == call(tap.port).content
        no_answer = tap.next().no_answer
    assert no_answer is not None
    assert (Cause.CONNECT, Phase.CONNECT) == (no_answer.cause, no_answer.phase)


def test_whose_callout_it_was_is_known_even_then() -> None:
    """A body that comes after its head is waited for before the connection is closed."""
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    with (
        tapped(f"http://{HOST}:{port}") as tap,
        socket.create_connection((HOST, tap.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(REQUEST[: -len(CALLOUT)])
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.sendall(CALLOUT)
        connection.settimeout(SECONDS)
        assert b"" == connection.recv(1)
        assert CALLOUT == bytes(tap.next().request.body)


def test_a_name_that_leads_nowhere_is_a_closed_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for a name without an address."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with tapped("http://claims.example") as tap:
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        with socket.socket() as connection:
            connection.connect((HOST, tap.port))
            connection.sendall(REQUEST)
            assert b"" == connection.recv(1)
        no_answer = tap.next().no_answer
    assert no_answer is not None
    assert (Cause.NAME, Phase.DNS) == (no_answer.cause, no_answer.phase)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority."""
    return trustme.CA()


def _tls(authority: trustme.CA, name: str = HOST) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The authority is one that is trusted."""
    path = tmp_path / "roots.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("name", ["an-answer", "half-a-body", "closed-at-once"])
def test_a_service_behind_tls_is_the_same(authority: trustme.CA, name: str) -> None:
    """The caller sees what the service sends, and the handshake is timed."""
    behave, end = BEHAVIOURS[name]
    with raw_service(behave) as plain, raw_service(behave, _tls(authority)) as service:
        expected = call(plain.port)
        with tapped(service.url.replace("http:", "https:")) as tap:
            assert (expected, end) == (call(tap.port), expected.end)
            assert tap.next().timings()[Phase.TLS] > 0


@pytest.mark.parametrize(
    ("name", "detail"),
    [(HOST, "certificate not accepted: "), ("other.example", "certificate not accepted: ")],
    ids=["unknown-authority", "another-name"],
)
def test_a_certificate_that_entra_would_not_accept_is_reported(
    authority: trustme.CA, name: str, detail: str
) -> None:
    """The caller gets a closed connection, the recorded exchange says what is wrong with it."""
    with (
        raw_service(answering(GOOD), _tls(authority, name)) as service,
        tapped(service.url.replace("http:", "https:")) as tap,
    ):
        assert b"" == call(tap.port).content
        no_answer = tap.next().no_answer
    assert no_answer is not None
    assert (Cause.TLS, True) == (no_answer.cause, no_answer.detail.startswith(detail))
