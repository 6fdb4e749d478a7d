"""The function with faulty key servers, over real TLS on loopback."""

import json
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import trustme
from claims_provider.contract.issuers import issuers_of
from claims_provider.deadline import Deadline
from claims_provider.errors import KeysUnavailable
from claims_provider.inbound import key_server
from claims_provider.inbound.key_server import BYTES_MAX, KeyServer
from claims_provider.inbound.key_set import KeyServerError
from claims_provider.inbound.signing_keys import (
    COOL_DOWN_SECONDS,
    REFRESH_SECONDS,
    SigningKeys,
)
from urllib3.exceptions import HTTPError

from tests.integration import behaviours as do
from tests.integration.deployment import UNTRACED
from tests.integration.fault_proxy import Behaviour, Door, FaultProxy
from tests.key_servers import Clock, FakeKeyServer, key_set
from tests.measured import Measured
from tests.tokens import signing_key

pytestmark = UNTRACED

ISSUER = issuers_of("aaaabbbb-0000-cccc-1111-dddd2222eeee")[0]
KEY = signing_key(0)
GOOD = Behaviour(do.answer_with(key_set(KEY)))
WAIT_MS = 1000
HOSTS = frozenset({"localhost"})


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """The authority that the function trusts."""
    return trustme.CA()


@pytest.fixture
def trust(authority: trustme.CA) -> ssl.SSLContext:
    """A strict client's rules, with the one authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def _server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[FaultProxy]:
    """A key server with configurable behaviour."""
    with FaultProxy(
        "http://127.0.0.1:9", GOOD, tls=_server_context(authority.issue_cert("localhost"))
    ) as server:
        yield server


@pytest.fixture
def fetch(trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> KeyServer:
    """The function's own fetch, of an issuer whose host is this machine; no proxy is named."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return KeyServer(trust, HOSTS)


def _url(server: FaultProxy) -> str:
    return f"https://localhost:{server.port}/keys"


def test_keys_come_over_tls(server: FaultProxy, fetch: KeyServer) -> None:
    """A good key server's answer is the key set, asked for once, by GET, at the path."""
    assert key_set(KEY) == fetch(_url(server))
    assert [("GET", "/keys", f"localhost:{server.port}")] == [
        (request.method, request.path, request.headers["host"]) for request in server.requests
    ]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (do.answer_with(b"", 301, {"location": "https://localhost/"}), "status 301"),
        (do.answer_with(b"", 302, {"location": "http://169.254.169.254/"}), "status 302"),
        (do.answer_with(b"down", 500), "status 500"),
        (do.answer_with(b"x" * (BYTES_MAX + 1)), "more than"),
    ],
    ids=["redirect", "redirect-inward", "500", "too-large"],
)
def test_a_bad_answer_is_told_apart(
    act: do.Act, message: str, server: FaultProxy, fetch: KeyServer
) -> None:
    """An answer without a key set gives a reason, and redirects are not followed."""
    server.inject(Behaviour(act))
    with pytest.raises(KeyServerError, match=message):
        fetch(_url(server))
    assert 1 == len(server.requests)


def test_a_million_keys_are_no_key_set(server: FaultProxy, fetch: KeyServer) -> None:
    """Reading ends at a megabyte."""
    body = json.dumps({"keys": [{}] * 1_000_000}).encode()
    server.inject(Behaviour(do.answer_with(body)))
    with pytest.raises(KeyServerError, match="more than"):
        fetch(_url(server))


@pytest.mark.parametrize("whose", ["stranger", "other-name", "plain"])
def test_only_the_key_server_itself_is_believed(
    whose: str, authority: trustme.CA, fetch: KeyServer
) -> None:
    """A key server with an untrusted or wrong certificate, or without TLS, is refused."""
    tls = {
        "stranger": _server_context(trustme.CA().issue_cert("localhost")),
        "other-name": _server_context(authority.issue_cert("keys.example.com")),
        "plain": None,
    }[whose]
    with (
        FaultProxy("http://127.0.0.1:9", GOOD, tls=tls) as server,
        pytest.raises(HTTPError),
    ):
        fetch(_url(server))
    assert "/keys" not in [request.path for request in server.requests]


@pytest.mark.parametrize("act", [do.drip_body, do.drip_chunks], ids=["body", "chunks"])
def test_a_body_that_never_ends_is_no_key_set(
    act: do.Act, server: FaultProxy, fetch: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading a slow body ends in time."""
    monkeypatch.setattr(key_server, "SECONDS", 0.3)
    server.inject(Behaviour(act))
    with pytest.raises(KeyServerError, match="took longer"):
        fetch(_url(server))


@pytest.mark.parametrize(
    "url",
    ["http://localhost/keys", "file:///etc/passwd", "https:///x", "", "https://169.254.169.254/",
     "https://localhost.evil.example/", "https://localhost@evil.example/", "https://10.0.0.1/keys"],
)  # fmt: skip
def test_only_the_issuers_hosts_are_asked(url: str, fetch: KeyServer) -> None:
    """A URL that is not https, or of another host than the issuer's, is not called."""
    with pytest.raises(KeyServerError, match="not an https URL of the issuer"):
        fetch(url)


def test_the_environments_proxy_is_asked(
    fetch: KeyServer, server: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy named by the environment gets the key server's host and the proxy's password."""
    with FaultProxy("http://127.0.0.1:9", Behaviour(do.answer_with(b"", 403))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@127.0.0.1:{proxy.port}")
        with pytest.raises(HTTPError):
            fetch(_url(server))
        (asked,) = proxy.requests
    assert ("CONNECT", f"localhost:{server.port}") == (asked.method, asked.path)
    assert f"Basic {b64encode(b'me:secret').decode()}" == asked.headers["proxy-authorization"]
    assert [] == server.requests
    monkeypatch.setenv("NO_PROXY", "localhost")
    assert key_set(KEY) == fetch(_url(server))


@pytest.mark.parametrize(
    "fault",
    [
        Behaviour(do.hang),
        Behaviour(do.hang, Door.MUTE),
        Behaviour(do.hang, Door.FULL),
        Behaviour(do.hang, Door.CLOSED),
        Behaviour(do.hang_in_header),
        Behaviour(do.drip_header),
        Behaviour(do.drip_body),
        Behaviour(do.drip_chunks),
        Behaviour(do.reset),
        Behaviour(do.close),
        Behaviour(do.answer_with(b"<html>")),
    ],
    ids=["hang", "no-handshake", "no-connect", "closed", "hang-in-header", "drip-header",
         "drip-body", "drip-chunks", "reset", "close", "garbage"],
)  # fmt: skip
def test_a_key_server_in_trouble_costs_half_the_time_left(
    fault: Behaviour, server: FaultProxy, fetch: KeyServer
) -> None:
    """For any behaviour of the key server, the search for a key ends in time for an answer."""
    keys = SigningKeys(replace(ISSUER, keys_url=_url(server)), fetch)
    server.inject(fault)
    measured = Measured()
    with pytest.raises(KeysUnavailable):
        keys.find(KEY.kid, Deadline.after_ms(WAIT_MS))
    assert measured.own_ms() < WAIT_MS
    server.inject(GOOD)
    keys._tried_at = 0
    assert keys.find(KEY.kid, Deadline.after_ms(4000))


@pytest.mark.parametrize("name", ["hang", "drip_body", "reset"])
def test_good_keys_outlive_a_key_server_in_trouble(
    name: str, server: FaultProxy, fetch: KeyServer
) -> None:
    """Existing keys are used while the key server hangs, is slow or resets."""
    keys = SigningKeys(replace(ISSUER, keys_url=_url(server)), fetch)
    assert keys.find(KEY.kid, Deadline.after_ms(4000))
    act: Callable[[Any], None] = getattr(do, name)
    server.inject(Behaviour(act))
    for _ in range(3):
        keys._fetched_at = keys._tried_at = time.time() - 86_400
        measured = Measured()
        assert keys.find(KEY.kid, Deadline.after_ms(WAIT_MS))
        assert measured.own_ms() < WAIT_MS


def test_a_fetch_that_hangs_is_given_up() -> None:
    """After its time a fetch that hangs is given up, and the next one works."""
    fake, clock, over = FakeKeyServer(KEY), Clock(), threading.Event()
    keys = SigningKeys(ISSUER, fake, clock)
    assert keys.find(KEY.kid, Deadline.after_ms(4000))
    clock.now += REFRESH_SECONDS
    fake.hangs = over
    assert keys.find(KEY.kid, Deadline.after_ms(4000))
    while 2 > len(fake.asked):
        time.sleep(0.001)
    fake.hangs = threading.Event()
    fake.hangs.set()
    fake.keys = (KEY, signing_key(1))
    clock.now += COOL_DOWN_SECONDS
    assert keys.find(signing_key(1).kid, Deadline.after_ms(4000))
    assert 3 == len(fake.asked)
    over.set()
