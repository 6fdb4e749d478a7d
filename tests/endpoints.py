"""Endpoints on loopback that answer as a test says."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

JSON = {"content-type": "application/json"}
GOOD = (
    b'{"data":{"@odata.type":"microsoft.graph.onTokenIssuanceStartResponseData","actions":[{'
    b'"@odata.type":"microsoft.graph.tokenIssuanceStart.provideClaimsForToken",'
    b'"claims":{"dateOfBirth":"2000-01-01","customRoles":["Writer"]}}]}}'
)


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Reply:
    """What an endpoint answers."""

    status: int = 200
    body: bytes = GOOD
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)


@dataclass(slots=True)
class Endpoint:
    """A running endpoint: its URL, and what it was sent."""

    url: str
    received: list[Received]


Respond = Callable[[Received], Reply]


@contextmanager
def endpoint(respond: Respond) -> Iterator[Endpoint]:
    """An endpoint that answers each POST with what `respond` makes of it."""
    received: list[Received] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received.append(Received(self.path, headers, body))
            reply = respond(received[-1])
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            """Nothing: the tests' output is not a log."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 64  # with five a sixth caller at once waits a second for his SYN

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Endpoint(f"http://127.0.0.1:{server.server_port}/callout", received)
        finally:
            server.shutdown()
            thread.join()
