"""One HTTP exchange as Entra makes it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from claimsctl.entra.transport import post_callout
from claimsctl.errors import ExitCode, OperatorError


class _Endpoint(BaseHTTPRequestHandler):
    """Answers with what it was sent; ``/moved`` points elsewhere, ``/late`` is late."""

    let_go = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/late":
            self.let_go.wait(10)
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("X-Sent", self.headers["x-sent"])
        self.send_header("X-Twice", "1")
        self.send_header("X-Twice", "2")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's
        """Nothing: the tests' output is not a log."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The URL of an endpoint on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        _Endpoint.let_go.set()
        server.shutdown()
        thread.join()


def test_an_answer_comes_as_it_is(endpoint: str) -> None:
    """Status, every header and the body's bytes: nothing parsed, nothing repaired."""
    answer = post_callout(f"{endpoint}/callout", b"\xff{", {"x-sent": "here"}, 5000)
    assert (200, b"\xff{") == (answer.status, answer.body)
    assert "here" == answer.header("x-sent")
    assert ["1", "2"] == [value for name, value in answer.headers if name.lower() == "x-twice"]
    assert answer.elapsed_ms is not None
    assert 0 < answer.elapsed_ms < 5000


def test_a_redirect_is_an_answer(endpoint: str) -> None:
    """Entra follows no redirect, so neither do we: the 302 is what is judged."""
    assert 302 == post_callout(f"{endpoint}/moved", b"", {"x-sent": ""}, 5000).status


def test_no_proxy_of_the_environment_is_used(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entra knows nothing of a proxy that this machine is told to use."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert 200 == post_callout(f"{endpoint}/callout", b"", {"x-sent": ""}, 5000).status


@pytest.mark.parametrize(
    ("url", "error"), [("{endpoint}/late", "ReadTimeout"), ("http://127.0.0.1:1/", "ConnectError")]
)
def test_no_answer_is_told(endpoint: str, url: str, error: str) -> None:
    """No answer in time is a finding about the endpoint, told with its URL and the wait."""
    url = url.format(endpoint=endpoint)
    with pytest.raises(OperatorError, match=f"no answer within 100 ms .{error}.") as raised:
        post_callout(url, b"", {"x-sent": ""}, 100)
    assert str(raised.value).startswith(url)
    assert ExitCode.NOT_FINE is raised.value.exit_code
