"""`claimsctl serve` ends as a service should, and serves the claims that it is given."""

import json
import signal
import socket
from pathlib import Path

import pytest
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import TokenProfile
from claimsctl.entra.tokens import mint

from tests.cli.command import MEMBER, SECONDS
from tests.cli.server_process import HOST, in_a_shell, serving

OTHER_TENANT = "bbbbcccc-1111-dddd-2222-eeee3333ffff"
USER = "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_reported(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and a service manager's signal end it at once, with 0 and without a traceback."""
    with serving(tmp_path) as server:
        assert 200 == server.ask(MEMBER.read_bytes()).status
        server.process.send_signal(number)
        assert 0 == server.process.wait(SECONDS)
        assert "Traceback" not in server.log.read_text("utf-8")


def test_it_does_not_wait_for_a_caller_that_hangs(tmp_path: Path) -> None:
    """A caller in the middle of its request has two seconds, then it ends all the same."""
    with serving(tmp_path) as server, socket.create_connection((HOST, server.port)) as caller:
        token = mint(server.good_claims(), server.key).encode()
        head = b"POST /callout HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nAuthorization: "
        caller.sendall(head + token + b"\r\n\r\n{")
        assert 200 == server.ask(MEMBER.read_bytes()).status
        server.process.send_signal(signal.SIGTERM)
        assert 0 == server.process.wait(SECONDS)
        assert "Traceback" not in server.log.read_text("utf-8")


def test_it_serves_given_claims_for_a_given_tenant(tmp_path: Path) -> None:
    """`--claims` takes the sample's place; `--tenant` is whose callouts are answered.

    The command that it shows is of that tenant too.
    """
    (tmp_path / "mine.csv").write_text(f"user,tier\n{USER},diamond\n")
    body = body_of("member")
    body["data"]["tenantId"] = OTHER_TENANT
    options = ("--claims", "mine.csv")
    profile = TokenProfile(OTHER_TENANT)
    with serving(tmp_path, *options, profile=profile, TENANT_ID=OTHER_TENANT) as server:
        shown = in_a_shell(server)
        assert shown.startswith(b"HTTP/1.1 200 OK")
        assert b'"tier":"diamond"' in shown
        answer = json.loads(server.ask(json.dumps(body).encode()).body)
        assert {"tier": "diamond"} == answer["data"]["actions"][0]["claims"]
        assert 401 == server.ask(MEMBER.read_bytes()).status
