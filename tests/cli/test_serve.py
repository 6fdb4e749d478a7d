"""`claimsctl serve`: the local HTTP API answers as the gateway and the function would."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from claimsctl.emulator.dynamodb import embedded_table
from claimsctl.emulator.loopback import bind
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import TENANT_ID
from claimsctl.entra.tokens import mint
from claimsctl.judge.attempt import Answer
from claimsctl.judge.judge import judge

from tests.cli.command import EVENTS, MEMBER, Outcome, Run
from tests.cli.server_process import HOST, JSON, Response, ServerProcess, free_port, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server over the embedded table with the sample's claims."""
    with serving(tmp_path_factory.mktemp("serve")) as server:
        yield server


def _claims(response: Response) -> object:
    headers = (("content-type", response.content_type or ""),)
    verdict = judge(Answer(response.status, headers, response.body))
    assert verdict.accepted, verdict.findings
    return verdict.claims


def test_a_callout_gets_its_claims(server: ServerProcess) -> None:
    """What Entra would post is answered with the member's claims in every layer."""
    expected = {
        "customRoles": ["Writer", "Editor", "Publisher"],
        "dateOfBirth": "2000-01-01",
        "loyaltyTier": "gold",
        "supportQueue": "test-app",
    }
    assert expected == _claims(server.ask(MEMBER.read_bytes()))


def test_it_says_what_it_does(server: ServerProcess) -> None:
    """URL, tenant, issuer and a command to try it with stand at the top of the log."""
    base = f"http://{HOST}:{server.port}"
    issuer = f"https://{TENANT_ID}.ciamlogin.com/{TENANT_ID}/v2.0"
    discovery = f"{base}/{TENANT_ID}/v2.0/.well-known/openid-configuration"
    curl = (
        f'curl -si {base}/callout -H "authorization: Bearer $(claimsctl token)"'
        f" -H 'content-type: application/json' --data-binary @{MEMBER}"
    )
    assert [
        f"Serving {base}/callout for tenant {TENANT_ID}. Press Ctrl-C to stop.",
        f"Accepts tokens issued by {issuer}; metadata at {discovery}",
        f"Try: {curl}",
    ] == server.log.read_text("utf-8").splitlines()[:3]


def test_its_claims_can_be_looked_at(server: ServerProcess, run: Run) -> None:
    """The table that it embeds is open to the commands that it names, at the next port."""
    problem = server.log.read_text("utf-8").splitlines()[3]
    options = f"--table claims --endpoint-url http://{HOST}:{server.port + 1}"
    assert (
        f"To manage its claims: claimsctl claims show|diff|load|export|delete {options}" == problem
    )
    outcome = run("claims", "export", *options.split())
    assert (0, "table claims: 8 rows exported\n") == (outcome.exit_code, outcome.err)


def test_another_on_the_next_port_is_no_hindrance(tmp_path: Path) -> None:
    """Where the next port is taken the embedded table is on any, and says where."""
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with embedded_table(port) as location:
            assert location.endpoint_url != f"http://{HOST}:{port}"
            assert [] == location.client().scan(TableName=location.name)["Items"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/callout"), ("HEAD", "/callout"), ("PUT", "/callout"), ("OPTIONS", "/callout"),
        ("POST", "/"), ("POST", "/callout/"), ("POST", "/Callout"), ("POST", "/callout/x"),
        ("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/.well-known/openid-configuration"),
        ("POST", f"/{TENANT_ID}/discovery/keys"), ("GET", f"/{TENANT_ID}/discovery/v2.0/keys/"),
    ],
)  # fmt: skip
def test_another_route_is_not_found(server: ServerProcess, method: str, path: str) -> None:
    """The gateway has one route, and the same words for any other path or method."""
    response = server.ask(method=method, path=path)
    assert (404, "application/json") == (response.status, response.content_type)
    assert (b"" if method == "HEAD" else b'{"message":"Not Found"}') == response.body


@pytest.mark.parametrize(
    ("name", "code"), [("not-json", "body-not-json"), ("not-utf8", "body-not-utf8")]
)
def test_a_bad_body_is_a_problem(server: ServerProcess, name: str, code: str) -> None:
    """The function's error response is passed through: status, content type, code."""
    response = server.ask((EVENTS / f"bad/{name}.json").read_bytes())
    assert (400, "application/problem+json") == (response.status, response.content_type)
    assert code == json.loads(response.body)["code"]


def test_another_content_type_is_refused(server: ServerProcess) -> None:
    """The content type that curl sends by default is rejected as the wrong type."""
    response = server.ask(
        MEMBER.read_bytes(), headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert (415, "content-type-unsupported") == (
        response.status,
        json.loads(response.body)["code"],
    )


def test_another_tenants_callout_is_refused(server: ServerProcess) -> None:
    """A server is deployed for one tenant, the samples' by default."""
    body = body_of("member")
    body["data"]["tenantId"] = "bbbbcccc-1111-dddd-2222-eeee3333ffff"
    assert 401 == server.ask(json.dumps(body).encode()).status


def test_too_much_is_refused(server: ServerProcess) -> None:
    """Over 64 KiB it is the function that refuses, over 10 MB the gateway."""
    assert "body-too-large" == json.loads(server.ask(b" " * 70_000).body)["code"]
    response = server.ask(b" " * (10 * 1024 * 1024 + 1))
    assert (413, b'{"message":"Request Entity Too Large"}') == (response.status, response.body)


def test_many_at_once_are_all_answered(server: ServerProcess) -> None:
    """Callouts at the same time are answered one after the other, each with its own claims."""
    bodies = [(EVENTS / f"callout/{name}.json").read_bytes() for name in ("member", "minimal")] * 4
    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(server.ask, bodies))
    assert [200] * 8 == [answer.status for answer in answers]
    tiers = [json.loads(a.body)["data"]["actions"][0]["claims"]["loyaltyTier"] for a in answers]
    assert ["gold", "basic"] * 4 == tiers


def test_a_caller_may_go_away(server: ServerProcess) -> None:
    """A caller that hangs up half way leaves no traceback and does not stop the next one."""
    head = b"POST /callout HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nAuthorization: "
    token = mint(server.good_claims(), server.key).encode()
    with socket.create_connection((HOST, server.port)) as caller:
        caller.sendall(head + token + b"\r\n\r\n{")
    assert 200 == server.ask(MEMBER.read_bytes()).status
    assert "Traceback" not in server.log.read_text("utf-8")


def test_a_port_that_is_taken(run: Run) -> None:
    """The cause is the first line, before anything is started."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        message = f"port {port} cannot be used: Address already in use; choose another with --port"
        assert Outcome(2, "", f"claimsctl: {message}\n") == run("serve", "--port", str(port))


@pytest.mark.parametrize("port", ["0", "-1", "65536", "99999", "http", ""])
def test_a_port_that_is_none(run: Run, port: str) -> None:
    """Numbers from 1 to 65535 are ports."""
    outcome = run("serve", "--port", port)
    assert (2, "") == (outcome.exit_code, outcome.out)
    assert "Invalid value for '--port'" in outcome.err


def test_it_does_not_dawdle() -> None:
    """Header and body of an answer leave at once: asyncio looks for the protocol's name."""
    with bind(free_port()) as listener:
        assert socket.IPPROTO_TCP == listener.proto


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Origin", "https://page.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Host", "page.example:8787"),
        ("Host", "127.0.0.1.page.example"),
    ],
)
def test_a_web_pages_request_is_refused(server: ServerProcess, name: str, value: str) -> None:
    """With a good token too, and whatever it asks for; the log has the reason and not the name."""
    response = server.ask(MEMBER.read_bytes(), headers={name: value, **JSON})
    assert (403, "application/problem+json") == (response.status, response.content_type)
    path = f"/{TENANT_ID}/v2.0/.well-known/openid-configuration"
    assert 403 == server.ask(method="GET", path=path, headers={name: value}).status
    log = server.log.read_text("utf-8")
    assert "claimsctl serve: refused a request: it" in log
    assert "page.example" not in log


def test_a_host_that_is_named_is_accepted(tmp_path: Path) -> None:
    """`--host` is for a tunnel or a container's name for this machine; this machine's stay."""
    with serving(tmp_path, "--host", "Tunnel.example") as server:
        for host in ("tunnel.example", "TUNNEL.EXAMPLE:443", f"localhost:{server.port}"):
            assert 200 == server.ask(MEMBER.read_bytes(), headers={"host": host, **JSON}).status
        assert 403 == server.ask(MEMBER.read_bytes(), headers={"host": "x.example"}).status


def test_a_host_is_a_bare_name(run: Run) -> None:
    """What is no host name is refused with what was expected."""
    outcome = run("serve", "--host", "https://x.example/")
    assert 2 == outcome.exit_code
    assert "expected a host name without a scheme, port or path" in " ".join(outcome.err.split())
