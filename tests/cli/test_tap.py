"""`claimsctl tap`: what it lists, saves and says, and how it ends."""

import json
import os
import pty
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest
from claimsctl.entra.callout import body_of
from claimsctl.entra.client import send_callout

from tests.cli.command import CLAIMSCTL, MEMBER, SECONDS, Run, variables
from tests.cli.server_process import free_port
from tests.endpoints import JSON, Received, Reply, endpoint
from tests.judge.answers import body_with_claims
from tests.tap.tap_process import TapProcess, tapping

HOST = "127.0.0.1"
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
USER = body_of("member")["data"]["authenticationContext"]["user"]["id"]


def _respond(received: Received) -> Reply:
    if "bad" in received.path:
        return Reply(body=body_with_claims({"title": {"part": "Geheimrat"}}))
    return Reply(body=body_with_claims({"title": "Geheimrat"}))


def _call(tap: TapProcess, path: str = "callout") -> int | None:
    url = f"http://{HOST}:{tap.port}/{path}"
    answer = send_callout(url, MEMBER.read_bytes(), JSON, 20_000, NO_TLS).answer
    return None if answer is None else answer.status


def test_it_lists_what_passes(tmp_path: Path) -> None:
    """A line an exchange; below it why Entra would refuse the answer. Plain in a file."""
    with endpoint(_respond) as service, tapping(tmp_path, service.url) as tap:
        assert 200 == _call(tap)
        assert 200 == _call(tap, "bad")
        tap.wait_for("RSP010")
        assert 1 == tap.end()
        heading, good, bad, why = tap.out.splitlines()
    assert ["time", "#", "status", "verdict", "ms", "sent", "answer"] == heading.split()[:7]
    assert ["1", "200", "accepted"] == good.split()[1:4]
    assert ["2", "200", "1003003"] == bad.split()[1:4]
    assert USER in good
    assert why.strip().startswith("RSP010  A claim is neither a string")
    assert "2 exchanges: 1 accepted, 1 rejected" == tap.err.splitlines()[-1]
    assert "\x1b" not in tap.out + tap.err
    assert "Geheimrat" not in tap.out + tap.err


def test_what_a_web_page_may_have_sent_is_listed_as_refused(tmp_path: Path) -> None:
    """With `--host` another host's request is not forwarded; the list says why."""
    with (
        endpoint(_respond) as service,
        tapping(tmp_path, service.url, "--host", "tunnel.example") as tap,
    ):
        url = f"http://{HOST}:{tap.port}/callout"
        for host, expected in (("tunnel.example", 200), ("page.example", 403)):
            sent = {**JSON, "host": host}
            answer = send_callout(url, MEMBER.read_bytes(), sent, 20_000, NO_TLS).answer
            assert answer is not None
            assert expected == answer.status
        tap.wait_for("refused, not forwarded: its Host header is neither this machine nor a --host")
        assert 0 == tap.end()
        assert 1 == len(service.received)


def test_it_says_what_it_is_for(tmp_path: Path) -> None:
    """At the start: not for production, what is masked, what to enter where; no key of a URL."""
    with endpoint(_respond) as service, tapping(tmp_path, service.url + "?code=s3cr3t") as tap:
        assert "never production traffic" in tap.err
        assert f"Forwarding http://{HOST}:{tap.port} to {service.url[:-8]}" in tap.err
        assert "https://<your tunnel's host>/callout?code=******" in tap.err
        assert "s3cr3t" not in tap.err
        assert 0 == tap.end()
        assert "no exchanges recorded" == tap.err.splitlines()[-1]


def test_it_ends_when_reported(tmp_path: Path) -> None:
    """A service manager's signal ends it as Ctrl-C does, and all that it has started."""
    with endpoint(_respond) as service, tapping(tmp_path, service.url) as tap:
        assert 200 == _call(tap)
        tap.wait_for("accepted")
        assert 0 == tap.end(signal.SIGTERM)
        assert "Traceback" not in tap.err
        for port in (tap.port, tap.page_port):
            with socket.socket() as probe:
                assert 0 != probe.connect_ex((HOST, port))


def test_forwarding_ends_with_the_command(tmp_path: Path) -> None:
    """No process keeps listening, even after a kill."""
    with endpoint(_respond) as service, tapping(tmp_path, service.url) as tap:
        assert 200 == _call(tap)
        tap.end(signal.SIGKILL)
        give_up_at = time.monotonic() + SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, tap.port)) != 0:
                    break
            assert time.monotonic() < give_up_at
            time.sleep(0.05)


@pytest.mark.slow
def test_nothing_beside_the_forwarding_can_hold_it_up(tmp_path: Path) -> None:
    """While judging, list and page are blocked, 300 callouts pass; those not shown are counted."""
    with endpoint(_respond) as service, tapping(tmp_path, service.url) as tap:
        tap.process.send_signal(signal.SIGSTOP)
        assert [200] * 300 == [_call(tap) for _ in range(300)]
        tap.process.send_signal(signal.SIGCONT)
        tap.wait_for("  200     accepted")
        assert 200 == _call(tap)
        tap.wait_for(" 301  200     accepted")
        assert 0 == tap.end()
        assert "more arrived too fast to be recorded" in tap.err.splitlines()[-1]


def test_it_saves_every_exchange(tmp_path: Path, run: Run) -> None:
    """A file for judge and one for invoke, masked, for the operator's eyes only."""
    folder = tmp_path / "a" / "b"
    with (
        endpoint(_respond) as service,
        tapping(tmp_path, service.url, "--save", str(folder)) as tap,
    ):
        _call(tap)
        _call(tap, "bad")
        tap.wait_for("RSP010")
        tap.end()
    callout, exchange, *_, bad = sorted(folder.iterdir())
    assert (".callout.json", ".exchange.json") == (callout.name[-13:], exchange.name[-14:])
    assert 0 == run("judge", exchange).exit_code
    assert 1 == run("judge", bad).exit_code
    assert 0 == run("invoke", callout).exit_code
    content = exchange.read_text() + callout.read_text()
    for personal in ("Geheimrat", "casey@contoso.com", "30.51.176.110"):
        assert personal not in content
    assert {0o600} == {path.stat().st_mode & 0o777 for path in folder.iterdir()}


def test_unmasked_it_saves_what_passed(tmp_path: Path) -> None:
    """With --unmask the callout is the real one, byte for byte."""
    with (
        endpoint(_respond) as service,
        tapping(tmp_path, service.url, "--save", "saved", "--unmask") as tap,
    ):
        assert "shown unmasked" in tap.err
        _call(tap)
        tap.wait_for("accepted")
        tap.end()
    (callout,) = (tmp_path / "saved").glob("*.callout.json")
    (exchange,) = (tmp_path / "saved").glob("*.exchange.json")
    assert MEMBER.read_bytes() == callout.read_bytes()
    assert "Geheimrat" in json.loads(exchange.read_text())["response"]["body"]


def test_what_cannot_be_saved_is_reported_once(tmp_path: Path) -> None:
    """The folder is gone: exchanges pass, the exit code says that something was not done."""
    folder = tmp_path / "saved"
    with (
        endpoint(_respond) as service,
        tapping(tmp_path, service.url, "--save", str(folder)) as tap,
    ):
        folder.rmdir()
        assert [200, 200] == [_call(tap), _call(tap)]
        tap.wait_for(" 2  200     accepted")
        assert 3 == tap.end()
        assert 1 == tap.err.count(f"claimsctl: --save: an exchange cannot be saved: {folder}")
        assert ".exchange.json: No such file or directory" in tap.err


def test_a_service_that_is_not_there_is_listed(tmp_path: Path) -> None:
    """Its caller gets nothing; the list says what Entra's log would."""
    with tapping(tmp_path, f"http://{HOST}:{free_port()}") as tap:
        assert _call(tap) is None
        tap.wait_for("NET002  The connection is refused or times out: Connection refused")
        assert 1 == tap.end()


def test_a_caller_that_leaves_is_listed_at_once(tmp_path: Path) -> None:
    """Entra's wait is over: 1003005, though the service has not answered yet."""
    with socket.create_server((HOST, 0)) as silent:
        url = f"http://{HOST}:{silent.getsockname()[1]}"
        with tapping(tmp_path, url) as tap:
            send_callout(f"http://{HOST}:{tap.port}/", MEMBER.read_bytes(), JSON, 400, NO_TLS)
            tap.wait_for("NET004  No answer in time: the caller closed the connection after")
            assert " 1003005 " in tap.out
            assert 1 == tap.end()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--upstream", "claims.example"),
            "expected an http or https URL such as https://host/callout",
        ),
        (("--upstream", "https://a:b@claims.example"), "name and password in a URL"),
        (("--upstream", "http://127.0.0.1:8790"), "must be different"),
        (("--upstream", "https://x.example", "--port", "8791"), "must be different"),
        (("--upstream", "https://x.example", "--save", "taken"), "--save taken: File exists"),
        ((), "Missing option '--upstream' (env var: 'TAP_UPSTREAM')"),
    ],
    ids=["no-url", "password", "itself", "one-port", "save", "no-upstream"],
)
def test_wrong_usage_is_told_before_anything_is_done(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    message: str,
) -> None:
    """What is wrong, in one line, and nothing listens."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").touch()
    outcome = run("tap", *options)
    assert (2, "") == (outcome.exit_code, outcome.out)
    assert message in outcome.err


@pytest.mark.parametrize("option", ["--port", "--page-port"])
def test_a_port_that_is_taken_is_reported(run: Run, option: str) -> None:
    """With the option that chooses another one."""
    with socket.create_server((HOST, 0)) as taken:
        ports = {"--port": str(free_port()), "--page-port": str(free_port())}
        ports[option] = str(taken.getsockname()[1])
        arguments = [part for pair in ports.items() for part in pair]
        outcome = run("tap", "--upstream", "https://x.example", *arguments)
    assert 2 == outcome.exit_code
    assert f"choose another with {option}" in outcome.err


def test_roots_that_cannot_be_read_are_reported(run: Run) -> None:
    """At the start, not to the first caller."""
    outcome = run("tap", "--upstream", "https://x.example", SSL_CERT_FILE="/nonexistent")
    assert (2, True) == (outcome.exit_code, "SSL_CERT_FILE /nonexistent" in outcome.err)


def test_a_terminal_gets_colour(tmp_path: Path) -> None:
    """The verdict is highlighted."""
    ours, its = pty.openpty()
    with endpoint(_respond) as service:
        port = free_port()
        process = subprocess.Popen(
            [CLAIMSCTL, "tap", "--upstream", service.url, "--port", str(port),
             "--page-port", str(free_port())],
            stdin=its, stdout=its, stderr=its, env=variables(tmp_path, TERM="xterm-256color"),
        )  # fmt: skip
        os.close(its)
        seen = b""
        try:
            while b"Secrets" not in seen:
                seen += os.read(ours, 4096)
            send_callout(f"http://{HOST}:{port}/", MEMBER.read_bytes(), JSON, 20_000, NO_TLS)
            while b"accepted" not in seen:
                seen += os.read(ours, 4096)
            assert b"\x1b[32maccepted" in seen
        finally:
            process.kill()
            process.wait()
            os.close(ours)
