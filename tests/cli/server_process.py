"""`claimsctl serve` as a process of its own."""

import http.client
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claimsctl.entra.key_file import kept_key
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.entra.tokens import SigningKey, mint

from tests.cli.command import CLAIMSCTL, SECONDS, variables

HOST = "127.0.0.1"
JSON = {"content-type": "application/json"}
GOOD = "a good token's"
KEY_FILE = ".config/claimsctl/issuer-key.pem"
"""Where a command keeps the issuer's key in its home."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer off the wire."""

    status: int
    content_type: str | None
    body: bytes
    challenge: str | None = None
    """``www-authenticate``."""


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that listens on `port`; its standard error is written to the file `log`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    profile: TokenProfile
    """Which tokens it takes."""

    @property
    def key(self) -> SigningKey:
        """The key of its issuer."""
        return kept_key(self.log.parent / KEY_FILE)

    def good_claims(self) -> dict[str, str | int]:
        """What a token says that it takes."""
        return self.profile.claims(int(time.time()))

    def ask(
        self,
        body: bytes = b"",
        method: str = "POST",
        path: str = "/callout",
        headers: Mapping[str, str] = JSON,
        *,
        authorization: str | None = GOOD,
    ) -> Response:
        """The answer to one request, by default with a good token."""
        sent = dict(headers)
        if authorization is GOOD:
            sent["authorization"] = f"Bearer {mint(self.good_claims(), self.key)}"
        elif authorization is not None:
            sent["authorization"] = authorization
        connection = http.client.HTTPConnection(HOST, self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Response(
                answer.status,
                answer.getheader("content-type"),
                answer.read(),
                answer.getheader("www-authenticate"),
            )
        finally:
            connection.close()

    def logged(self) -> list[dict[str, Any]]:
        """The log's JSON lines, the gateway's and the function's."""
        lines = self.log.read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def is_up(self) -> bool:
        """Whether a server listens."""
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0


@contextmanager
def serving(
    home: Path,
    *options: str | Path,
    profile: TokenProfile = TokenProfile(TENANT_ID),  # noqa: B008  # frozen
    **environment: str,
) -> Iterator[ServerProcess]:
    """A server on a free port, started in `home`, for as long as the context lasts.

    `profile` is what its tokens are made of; options or environment must ask for the same.
    """
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
    server = ServerProcess(process, port, log, profile)
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


def in_a_shell(server: ServerProcess) -> bytes:
    """The output of the command at the top of the server's log, run unchanged."""
    (command,) = re.findall(r"^Try: (.*)$", server.log.read_text("utf-8"), re.MULTILINE)
    home = server.log.parent
    path = f"{Path(CLAIMSCTL).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", command],
        check=True,
        capture_output=True,
        cwd=home,
        env=variables(home, PATH=path),
        timeout=SECONDS,
    ).stdout


def free_port() -> int:
    """A port that is currently free."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
