"""`claimsctl serve` as a process of its own."""

import http.client
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli.command import CLAIMSCTL, SECONDS, variables

HOST = "127.0.0.1"
JSON = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Response:
    """An answer off the wire."""

    status: int
    content_type: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that listens on `port`; its standard error goes to the file `log`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def ask(
        self,
        body: bytes = b"",
        method: str = "POST",
        path: str = "/callout",
        headers: Mapping[str, str] = JSON,
    ) -> Response:
        """The answer to one request."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return Response(answer.status, answer.getheader("content-type"), answer.read())
        finally:
            connection.close()

    def is_up(self) -> bool:
        """Whether somebody listens."""
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0


@contextmanager
def serving(home: Path, *options: str | Path, **environment: str) -> Iterator[ServerProcess]:
    """A server on a free port, started in `home`, for as long as the context lasts."""
    port = free_port()
    log = home / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [CLAIMSCTL, "serve", "--port", str(port), *map(str, options)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=home,
            env=variables(home, **environment),
        )
    server = ServerProcess(process, port, log)
    try:
        give_up_at = time.monotonic() + SECONDS
        while not server.is_up():
            if process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(log.read_text("utf-8"))
            time.sleep(0.05)
        yield server
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on, now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
