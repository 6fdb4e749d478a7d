"""The CA certificates are read once, and the server is verified at every connection."""

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from botocore.exceptions import SSLError
from claims_provider.wiring import _connector

HOST = "127.0.0.1"
ANSWER = b'{"Responses":{"claims":[]},"UnprocessedKeys":{}}'
ASKED: Any = {"claims": {"Keys": [{"pk": {"S": "TENANT#a"}, "sk": {"S": "APP#*"}}]}}


class _OneAnswer(BaseHTTPRequestHandler):
    """Answers once, and closes the connection, as DynamoDB does with one that nobody uses."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_: Any) -> None:
        pass


class _Tunnel(BaseHTTPRequestHandler):
    """A proxy that connects its clients to any host, and counts them."""

    passed = 0

    def do_CONNECT(self) -> None:
        type(self).passed += 1
        host, _, port = self.path.partition(":")
        with socket.create_connection((host, int(port)), timeout=5) as there:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: there, there: self.connection}
            while ready := select.select(list(ends), [], [], 1)[0]:
                for one in ready:
                    if not (data := one.recv(65536)):
                        return
                    ends[one].sendall(data)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _serving(
    handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None
) -> Iterator[int]:
    with ThreadingHTTPServer((HOST, 0), handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(5)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The authority that clients trust."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    return authority


@contextmanager
def _table(
    monkeypatch: pytest.MonkeyPatch, vouching: trustme.CA, name: str = HOST
) -> Iterator[None]:
    """A table with a certificate for `name`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    vouching.issue_cert(name).configure_cert(context)
    with _serving(_OneAnswer, context) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"https://{HOST}:{port}")
        yield


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every read of a list of CA certificates."""
    reads: list[Any] = []
    load = ssl.SSLContext.load_verify_locations

    def count(self: ssl.SSLContext, *arguments: Any, **options: Any) -> None:
        reads.append(arguments)
        load(self, *arguments, **options)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", count)
    return reads


def test_the_list_is_read_once(
    authority: trustme.CA, read: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is read once, before the first callout, for all connections and clients."""
    with _table(monkeypatch, authority):
        connect = _connector(2000)
        clients = [connect(), connect()]
        assert 1 == len(read)
        for client in clients * 2:
            client.batch_get_item(RequestItems=ASKED)
        for client in clients:
            client.close()
    assert 1 == len(read)


@pytest.mark.parametrize("fault", ["authority", "name"])
def test_a_server_that_nobody_vouches_for_is_refused(
    fault: str, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate of another authority, or for another name, ends the connection."""
    vouching = trustme.CA() if fault == "authority" else authority
    name = HOST if fault == "authority" else "dynamodb.us-east-1.amazonaws.com"
    with _table(monkeypatch, vouching, name):
        client = _connector(2000)()
        with pytest.raises(SSLError, match=r"certificate verify failed|doesn't match"):
            client.batch_get_item(RequestItems=ASKED)
        client.close()


@pytest.mark.parametrize("is_trusted", [True, False], ids=["vouched-for", "stranger"])
def test_it_holds_behind_a_proxy(
    is_trusted: bool,  # noqa: FBT001
    authority: trustme.CA,
    read: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A proxy passes bytes on; the server at its other end is held to the same list."""
    vouching = authority if is_trusted else trustme.CA()
    with _table(monkeypatch, vouching), _serving(_Tunnel) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{HOST}:{port}")
        client, passed = _connector(2000)(), _Tunnel.passed
        if is_trusted:
            client.batch_get_item(RequestItems=ASKED)
        else:
            with pytest.raises(SSLError, match="certificate verify failed"):
                client.batch_get_item(RequestItems=ASKED)
        client.close()
    assert (1, passed + 1) == (len(read), _Tunnel.passed)
