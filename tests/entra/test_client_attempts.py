"""One attempt at a callout: its answer or the reason for none, and its times."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import trustme
from claimsctl.entra.client import send_callout
from claimsctl.entra.http_backend import _Stream
from claimsctl.entra.network import Stopwatch, public_trust
from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Attempt, Cause, Phase
from claimsctl.judge.body import BODY_BYTES_MAX

Serve = Callable[..., str]
OK = b"HTTP/1.1 200 OK\r\n"
WAIT_MS = 5000
SHORT_MS = 150


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(*parts, hold)` answers one request with `parts` and says its URL.

    It keeps the connection open with `hold`, till the test is over; `tls` makes it HTTPS.
    """
    over = threading.Event()
    threads: list[threading.Thread] = []
    requests: list[bytes] = []

    def start(
        *parts: bytes, hold: bool = False, pause: float = 0.0, tls: ssl.SSLContext | None = None
    ) -> str:
        listener = socket.create_server(("127.0.0.1", 0))

        def answer() -> None:
            with listener, suppress(OSError):
                connection, _ = listener.accept()
                if tls is not None:
                    connection = tls.wrap_socket(connection, server_side=True)
                with connection:
                    requests.append(_read_request(connection))
                    for part in parts:
                        connection.sendall(part)
                        if over.wait(pause):
                            return
                    if hold:
                        over.wait(30)

        thread = threading.Thread(target=answer)
        thread.start()
        threads.append(thread)
        scheme = "http" if tls is None else "https"
        return f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/callout?a=b"

    start.requests = requests  # type: ignore[attr-defined]
    yield start
    over.set()
    for thread in threads:
        thread.join()


def _read_request(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"}") and not received.startswith(b"\x16"):  # a TLS hello
        part = connection.recv(65536)
        if not part:
            break
        received += part
    return received


def _send(url: str, wait_ms: float = WAIT_MS, trust: ssl.SSLContext | None = None) -> Attempt:
    return send_callout(url, b"{}", {"x-sent": "here"}, wait_ms, trust)


def _failure(attempt: Attempt) -> tuple[Cause, Phase]:
    assert attempt.answer is None
    assert attempt.no_answer is not None
    return attempt.no_answer.cause, attempt.no_answer.phase


def test_an_answer_comes_as_it_is(serve: Serve) -> None:
    """Status, every header and the body's bytes: nothing parsed, nothing repaired."""
    url = serve(OK + b"X-Twice: 1\r\nx-twice: \xfc\r\nContent-Length: 2\r\n\r\n\xff{")
    answer = _send(url).answer
    assert answer is not None
    assert (200, b"\xff{") == (answer.status, answer.body)
    assert ["1", "ü"] == [value for name, value in answer.headers if "x-twice" == name.lower()]


def test_the_request_is_a_post_of_just_these_bytes(serve: Serve) -> None:
    """The endpoint gets the body, its length, the host and the given headers."""
    url = serve(OK + b"content-length: 0\r\n\r\n")
    _send(url)
    (request,) = serve.requests  # type: ignore[attr-defined]
    head, _, body = request.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    assert (b"POST /callout?a=b HTTP/1.1", b"{}") == (line, body)
    names = {header.split(b":")[0].lower() for header in headers}
    assert {b"host", b"content-length", b"x-sent"} == names


def test_a_redirect_is_an_answer(serve: Serve) -> None:
    """Redirects are not followed, and the 302 is judged."""
    url = serve(b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n")
    answer = _send(url).answer
    assert answer is not None
    assert 302 == answer.status


def test_no_proxy_of_the_environment_is_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's proxy settings are ignored, because Entra does not use them."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert _send(serve(OK + b"content-length: 0\r\n\r\n")).answer is not None


def test_every_phase_is_timed(serve: Serve) -> None:
    """The time to the first byte and the time of the body are measured separately."""
    url = serve(OK + b"content-length: 2\r\n\r\n{", b"}", pause=0.4)
    attempt = _send(url)
    assert [Phase.DNS, Phase.CONNECT, Phase.SEND, Phase.FIRST_BYTE, Phase.BODY] == [
        *attempt.timings
    ]
    assert attempt.timings[Phase.BODY] > max(
        attempt.timings[Phase.FIRST_BYTE], attempt.timings[Phase.CONNECT]
    )
    assert sum(attempt.timings.values()) == pytest.approx(attempt.elapsed_ms, rel=0.1)
    assert ("127.0.0.1", "HTTP/1.1", None) == (
        attempt.address,
        attempt.http_version,
        attempt.tls_version,
    )


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((), (Cause.CLOSED, Phase.FIRST_BYTE)),
        ((OK,), (Cause.CLOSED, Phase.BODY)),
        ((OK + b"content-length: 9\r\n\r\nab",), (Cause.CLOSED, Phase.BODY)),
        ((b"SSH-2.0-OpenSSH_9.2\r\n\r\n",), (Cause.PROTOCOL, Phase.BODY)),
        ((b"\x15\x03\x01\x00\x02\x02\x46",), (Cause.PROTOCOL, Phase.BODY)),
    ],
    ids=["nothing", "half-a-header", "half-a-body", "ssh", "tls-alert"],
)
def test_what_is_no_answer_says_why(
    serve: Serve, parts: tuple[bytes, ...], expected: tuple[Cause, Phase]
) -> None:
    """A connection that ends early is distinguished from one that does not use HTTP."""
    assert expected == _failure(_send(serve(*parts)))


@pytest.mark.parametrize(
    ("parts", "pause", "phase"),
    [
        ((), 0, Phase.FIRST_BYTE),
        ((OK,), 0, Phase.BODY),
        ((OK + b"content-length: 9\r\n\r\nab",), 0, Phase.BODY),
        ((OK, *[b"x-drip: 1\r\n"] * 99), 0.02, Phase.BODY),
        ((OK + b"content-length: 99\r\n\r\n", *[b"a"] * 99), 0.02, Phase.BODY),
    ],
    ids=["silent", "in-the-header", "in-the-body", "drips-its-header", "drips-its-body"],
)
def test_the_wait_holds_whatever_the_endpoint_does(
    serve: Serve, parts: tuple[bytes, ...], pause: float, phase: Phase
) -> None:
    """Every read may take what is left of the wait, so a drip ends with it."""
    attempt = _send(serve(*parts, hold=True, pause=pause), SHORT_MS)
    assert (Cause.TIMEOUT, phase) == _failure(attempt)
    assert attempt.elapsed_ms >= SHORT_MS
    assert attempt.elapsed_ms < 10 * SHORT_MS


def test_a_port_where_nobody_listens_is_told() -> None:
    """A refused connection is not a timeout."""
    assert (Cause.CONNECT, Phase.CONNECT) == _failure(_send("http://127.0.0.1:1/"))


def test_a_name_that_leads_nowhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without an address is a finding about the name."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert (Cause.NAME, Phase.DNS) == _failure(_send("http://claims.example/"))


def test_a_lookup_that_hangs_ends_with_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait also limits the name lookup, which has no timeout of its own."""
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(30) and [])
    assert (Cause.TIMEOUT, Phase.DNS) == _failure(_send("http://claims.example/", SHORT_MS))
    over.set()


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each read of the network brings."""
    sizes: list[int] = []
    read = _Stream.read

    def counted(stream: _Stream, max_bytes: int, timeout: float | None = None) -> bytes:
        content = read(stream, max_bytes, timeout)
        sizes.append(len(content))
        return content

    monkeypatch.setattr(_Stream, "read", counted)
    return sizes


def test_a_body_without_end_is_cut_short(serve: Serve, received: list[int]) -> None:
    """What no answer can have is neither read nor kept; the finding says how much was."""
    parts = (OK + b"\r\n", *[b"a" * 65536] * 64)
    attempt = _send(serve(*parts))
    assert (Cause.TOO_LARGE, Phase.BODY) == _failure(attempt)
    assert attempt.no_answer is not None
    assert "the body is larger than 131072 bytes; the rest was not read" == attempt.no_answer.detail
    assert sum(received) <= BODY_BYTES_MAX + 3 * 16_384


def test_thousands_of_parts_in_one_read_end_with_the_wait(
    serve: Serve, received: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deadline is asked for at each part of a body: none is taken apart after it."""
    url = serve(OK + b"transfer-encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 60_000)
    asked: list[bool] = []

    def is_over(_: Stopwatch) -> bool:
        asked.append(len(asked) == 10)
        return asked[-1]

    monkeypatch.setattr(Stopwatch, "is_over", is_over)
    assert (Cause.TIMEOUT, Phase.BODY) == _failure(_send(url))
    assert 11 == len(asked)
    assert max(received) <= 16_384


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority that nobody knows."""
    return trustme.CA()


def _server_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_tls_is_a_phase(serve: Serve, authority: trustme.CA) -> None:
    """Over TLS, the handshake is timed separately, and its version reported."""
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    url = serve(OK + b"content-length: 0\r\n\r\n", tls=_server_context(authority, "127.0.0.1"))
    attempt = _send(url, trust=trust)
    assert attempt.answer is not None
    assert attempt.timings[Phase.TLS] > 0
    assert "TLSv1.3" == attempt.tls_version


@pytest.mark.parametrize(
    ("name", "known", "detail"),
    [("127.0.0.1", (), "unable to get local issuer"), ("127.0.0.2", ("it",), "not valid for")],
    ids=["unknown-authority", "another-name"],
)
def test_a_certificate_that_is_not_accepted_is_told(
    serve: Serve, authority: trustme.CA, name: str, known: tuple[str, ...], detail: str
) -> None:
    """A strict client trusts Mozilla's roots and the certificate's own names only."""
    trust = public_trust()
    if known:
        authority.configure_trust(trust)
    attempt = _send(serve(tls=_server_context(authority, name)), trust=trust)
    assert (Cause.TLS, Phase.TLS) == _failure(attempt)
    assert attempt.no_answer is not None
    assert detail in attempt.no_answer.detail


def test_what_does_not_speak_tls_is_told(serve: Serve) -> None:
    """HTTP on the port of HTTPS is a failed handshake."""
    url = serve(b"HTTP/1.1 400 Bad Request\r\n\r\n").replace("http:", "https:")
    assert (Cause.TLS, Phase.TLS) == _failure(_send(url))


def test_a_root_of_this_machine_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Roots come from Mozilla's list or SSL_CERT_FILE, never from the machine's store."""
    assert 0 < len(public_trust().get_ca_certs())
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    with pytest.raises(OperatorError, match=r"^SSL_CERT_FILE /nonexistent: "):
        public_trust()


def test_making_trust_is_none_of_the_endpoints_time() -> None:
    """Reading the roots takes longer than all else on loopback, and is not timed."""
    began = time.perf_counter()
    attempt = _send("http://127.0.0.1:1/")
    assert attempt.elapsed_ms < (time.perf_counter() - began) * 1000 / 2
