"""Answers of the real nginx, HAProxy and Caddy are recognised."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from claimsctl.entra.client import send_callout
from claimsctl.judge.attempt import Answer
from claimsctl.judge.platforms import platform_of

from tests.cli.server_process import free_port
from tests.conftest import ENGINE_MISSING
from tests.simulated_services.platform_answers import sending
from tests.simulated_services.server import serving

HOST = "127.0.0.1"
SECONDS = 20
OWN_REFUSAL = Answer(401, (("www-authenticate", 'Bearer error="invalid_token"'),), b"")
HEADERS = {"content-type": "application/json", "authorization": "Bearer abc"}

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  proxy_read_timeout 1s;
  limit_req_zone $binary_remote_addr zone=few:1m rate=1r/m;
  server {{
    listen {host}:{port};
    location /down {{ proxy_pass http://{host}:{closed}; }}
    location /slow {{ proxy_pass http://{host}:{silent}; }}
    location /deny {{ deny all; }}
    location /basic {{ auth_basic x; auth_basic_user_file {folder}/users; }}
    location /large {{ client_max_body_size 10; proxy_pass http://{host}:{closed}; }}
    location /busy {{ return 503; }}
    location /moved {{ return 301 https://x.example/; }}
    location /empty/ {{ root {folder}; }}
    location /busy429 {{ return 429; }}
    location /limited {{ limit_req zone=few; proxy_pass http://{host}:{closed}; }}
    location /full {{ return 507; }}
    location /own {{ proxy_pass http://{host}:{own}; }}
  }}
}}
"""
HAPROXY = """
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 1s
frontend front
  bind {host}:{port}
  http-request deny if {{ path /deny }}
  http-request auth if {{ path /basic }}
  http-request deny deny_status 400 if {{ path /bad }}
  use_backend down if {{ path /down }}
  use_backend slow if {{ path /slow }}
  use_backend cut if {{ path /cut }}
  http-request deny deny_status 429 if {{ path /busy429 }}
  http-request deny deny_status 404 if {{ path /gone }}
  http-request deny deny_status 413 if {{ path /large }}
  http-request tarpit if {{ path /tarpit }}
  timeout tarpit 100
  use_backend own if {{ path /own }}
  default_backend none
backend none
backend down
  server a {host}:{closed}
backend slow
  server a {host}:{silent}
backend own
  server a {host}:{own}
backend cut
  server a {host}:{cutting}
"""
CADDY = """
{{
  admin off
  auto_https off
}}
http://{host}:{port} {{
  handle /down {{
    reverse_proxy {host}:{closed}
  }}
  handle /deny {{
    respond 403
  }}
  handle /none {{
    respond 404
  }}
  handle /large {{
    respond 413
  }}
  handle /moved {{
    redir https://x.example/ 308
  }}
  handle /basic {{
    basicauth {{
      x $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG
    }}
  }}
  handle /own {{
    reverse_proxy {host}:{own}
  }}
}}
"""
COMMANDS = {
    "nginx": (NGINX, ["nginx", "-c", "{conf}", "-p", "{folder}"]),
    "haproxy": (HAPROXY, ["haproxy", "-db", "-f", "{conf}"]),
    "caddy": (CADDY, ["caddy", "run", "--adapter", "caddyfile", "--config", "{conf}"]),
}


@contextmanager
def _silent(*, cuts: bool) -> Iterator[int]:
    """A port that accepts and says nothing; with `cuts` it answers something else than HTTP."""
    with socket.create_server((HOST, 0), backlog=16) as listener:
        if cuts:
            import threading  # noqa: PLC0415  # here only

            def close_each() -> None:
                try:
                    while True:
                        with listener.accept()[0] as connection:
                            connection.recv(65536)
                            connection.sendall(b"no HTTP\r\n\r\n")
                except OSError:
                    return

            threading.Thread(target=close_each, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module", params=COMMANDS)
def proxy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, int]]:
    """The program, and the port it listens on."""
    name = request.param
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        pytest.skip(f"{ENGINE_MISSING} no {name} on the path")
    folder = tmp_path_factory.mktemp(name)
    (folder / "users").write_text("a:$apr1$x$y\n")
    (folder / "empty").mkdir()
    (folder / "empty/x").write_text("a file")
    configuration, command = COMMANDS[name]
    port = free_port()
    own_refusal = sending(lambda _: OWN_REFUSAL)
    with (
        _silent(cuts=False) as silent,
        _silent(cuts=True) as cutting,
        serving(own_refusal) as (own, _),
    ):
        text = configuration.format(
            host=HOST, port=port, closed=free_port(), silent=silent, cutting=cutting, own=own,
            folder=folder,
        )  # fmt: skip
        conf = folder / "conf"
        conf.write_text(text.lstrip())
        arguments = [part.format(conf=conf, folder=folder) for part in command[1:]]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [path, *arguments], stdout=log, stderr=log, cwd=folder,
                env={"HOME": str(folder), "PATH": "/usr/bin"},
            )  # fmt: skip
        try:
            _wait(process, port, folder / "log")
            yield name, port
        finally:
            process.terminate()
            process.wait(SECONDS)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up_at = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < give_up_at, log.read_text()
            time.sleep(0.05)
        else:
            return


CASES = {
    "nginx": {
        "/down": (502, "the service behind it does not answer"),
        "/slow": (504, "the service behind it does not answer"),
        "/busy": (503, "it throttles, or its ingress has no endpoint"),
        "/limited": (502, "the service behind it does not answer"),
        "/limited?again": (503, "it throttles, or its ingress has no endpoint"),
        "/full": (507, "it answers by itself"),
        "/deny": (403, "it refuses the caller"),
        "/basic": (401, "it refuses the caller"),
        "/large": (413, "it takes the request for invalid or too large"),
        "/nowhere": (404, "it has no such location, or no POST there"),
        "/empty/x": (405, "it has no such location, or no POST there"),
        "/moved": (301, "it redirects"),
        "/busy429": (429, "it throttles"),
    },
    "haproxy": {
        "/down": (503, "the service behind it does not answer"),
        "/slow": (504, "the service behind it does not answer"),
        "/cut": (502, "the service behind it does not answer"),
        "/none": (503, "the service behind it does not answer"),
        "/deny": (403, "a rule refuses the call"),
        "/basic": (401, "a rule refuses the call"),
        "/bad": (400, "it rejects the request as invalid"),
        "/busy429": (429, "a rule refuses the call"),
        "/gone": (404, "a rule refuses the call"),
        "/tarpit": (500, "a rule refuses the call"),
        "/large": (413, "it rejects the request as invalid"),
    },
    "caddy": {
        "/down": (502, "it answers by itself"),
        "/deny": (403, "it answers by itself"),
        "/none": (404, "it answers by itself"),
        "/large": (413, "it answers by itself"),
        "/basic": (401, "it answers by itself"),
        "/moved": (308, "it redirects"),
        "/nowhere": (200, "no route for this path"),
    },
}
NAMES = {"nginx": "nginx", "haproxy": "HAProxy", "caddy": "Caddy"}


def test_its_own_answers_are_recognised(proxy: tuple[str, int]) -> None:
    """The platform and case are recognised for every status; none checks bearer tokens."""
    name, port = proxy
    for path, (status, case) in CASES[name].items():
        answer = _answer(port, path)
        found = platform_of(answer)
        assert found is not None, (path, answer)
        assert (status, NAMES[name]) == (answer.status, found.name), path
        assert found.case.startswith(case), (path, found.case)
        assert not found.knows_tokens


def test_what_it_passes_on_is_not_its_own(proxy: tuple[str, int]) -> None:
    """A refusal of the service without a body, which asks for a bearer token."""
    _, port = proxy
    answer = _answer(port, "/own")
    assert OWN_REFUSAL.status == answer.status
    assert platform_of(answer) is None, answer


def _answer(port: int, path: str) -> Answer:
    body = b'{"type": "microsoft.graph.authenticationEvent.tokenIssuanceStart"}'
    answer = send_callout(f"http://{HOST}:{port}{path}", body, HEADERS, SECONDS * 1000).answer
    assert answer is not None, path
    return answer
