"""docs/leaving-azure-functions.md: its commands, at a service that behaves as the library does."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.cli.command import ROOT, Outcome, Run
from tests.endpoints import Endpoint, Received, Reply, endpoint
from tests.signin.samples import RECORDS
from tests.tenant.chains import (
    CONFIG,
    NAME,
    TARGET,
    TEST_APP,
    applied,
    chain_in,
    tenant_with_apps,
    write,
)
from tests.tenant.fake_graph import FakeGraph

PAGE = ROOT / "docs/leaving-azure-functions.md"
TEXT = {"content-type": "text/plain; charset=utf-8"}
TOKEN = "accepted"
URLS = {
    "old": "https://claims.azurewebsites.example/runtime/webhooks/customauthenticationextension",
    "new": TARGET,
}
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]


def library(received: Received) -> Reply:
    """What a function on Microsoft's library answers."""
    token = received.headers.get("authorization", "").removeprefix("Bearer ")
    if not token:
        return Reply(401, b"", {})
    if token != TOKEN:
        return _failed("IDX10223: Lifetime validation failed. The token is expired.")
    user = json.loads(received.body)["data"]["authenticationContext"]["user"]
    if not user.get("userPrincipalName"):
        return _failed("The UserPrincipalName field is required.")
    return Reply()


def _failed(message: str) -> Reply:
    return Reply(400, f'{{"errors":["{message}"]}}'.encode(), TEXT)


def successor(received: Received) -> Reply:
    """A service that answers callouts only."""
    try:
        json.loads(received.body)
    except ValueError:
        return Reply(400, b"{}")
    return Reply()


@pytest.fixture
def old() -> Iterator[Endpoint]:
    """The function app."""
    with endpoint(library) as served:
        yield served


@pytest.fixture
def new() -> Iterator[Endpoint]:
    """The service that replaces it."""
    with endpoint(successor) as served:
        yield served


EXPECTED = {
    "claimsctl call OLD_URL --token TOKEN --json > old.json": (0, '"status": 200'),
    "claimsctl judge old.json": (0, "Entra would accept this answer"),
    "claimsctl call OLD_URL --token TOKEN --scenario social-account": (1, "1003002"),
    "claimsctl doctor endpoint NEW_URL --allow-anonymous --select CON": (0, "ok    CON003"),
    "claimsctl call NEW_URL --token TOKEN --json > new.json": (0, '"status": 200'),
    "claimsctl judge new.json": (0, "Entra would accept this answer"),
    "claimsctl call NEW_URL --token TOKEN --scenario social-account": (0, "would accept"),
    "claimsctl entra signin signins.json": (1, "Grant admin consent"),
    "claimsctl entra plan --config old.toml --move NEW_URL --http > move.http": (0, "PATCH"),
    "claimsctl entra plan --config new.toml --move OLD_URL --http > back.http": (0, "PATCH"),
}
"""Exit code and a part of the output, by the page's command."""


def test_every_command_of_the_page_does_what_it_says(
    run: Run, old: Endpoint, new: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run in the page's order: the old service is judged, the new one proven."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "signins.json").write_text(json.dumps(RECORDS), "utf-8")
    _write_configs(tmp_path, "00000000-0000-4000-8000-000000000001")
    assert list(EXPECTED) == COMMANDS
    for command in COMMANDS:
        outcome = _run(run, command, old.url, new.url)
        exit_code, part = EXPECTED[command]
        assert (exit_code, True) == (outcome.exit_code, part in outcome.out), (command, outcome)


def _run(run: Run, command: str, old: str, new: str) -> Outcome:
    command, _, file = command.partition(" > ")
    words = {"OLD_URL": old, "NEW_URL": new, "TOKEN": TOKEN}
    if " plan " in command:  # Graph takes URLs of https alone
        words |= {"OLD_URL": URLS["old"], "NEW_URL": URLS["new"]}
    outcome = run(*(words.get(word, word) for word in shlex.split(command)[1:]))
    if file:
        Path(file).write_text(outcome.out, "utf-8")
    return outcome


def _write_configs(folder: Path, app_id: str) -> None:
    """The page's two files: they differ in the target URL."""
    for name, url in URLS.items():
        config = CONFIG.replace(f'"{TARGET}"', f'"{url}"\napp_id = "{app_id}"')
        write(folder, config)
        (folder / "entra.toml").rename(folder / f"{name}.toml")


def test_the_move_and_the_way_back_break_no_sign_in(
    run: Run, old: Endpoint, new: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request of both files is sent to a simulated tenant, which signs in after each."""
    monkeypatch.chdir(tmp_path)
    tenant = tenant_with_apps()
    applied(tenant, chain_in(tmp_path, CONFIG.replace(TARGET, URLS["old"])))
    (api,) = (one for one in tenant.objects["applications"] if one["displayName"] == NAME)
    _write_configs(tmp_path, api["appId"])
    (extension,) = tenant.objects["customAuthenticationExtensions"]
    services = {URLS["old"]: old.url, URLS["new"]: new.url}
    called = []
    for command in COMMANDS[-2:]:
        _run(run, command, old.url, new.url)
        for request in _requests(Path(command.rpartition(" ")[2])):
            _send(tenant, request)
            target = extension["endpointConfiguration"]["targetUrl"]
            assert "enriched" == tenant.sign_in(TEST_APP, urlsplit(target).netloc)
            assert 0 == run("call", services[target], "--token", TOKEN).exit_code
            called.append(target)
    there, back = [URLS["old"], *[URLS["new"]] * 2], [URLS["new"], *[URLS["old"]] * 2]
    assert there + back == called
    assert [f"api://{urlsplit(URLS['old']).netloc}/{api['appId']}"] == api["identifierUris"]
    assert [] == tenant.broken


def _requests(file: Path) -> list[tuple[str, str, bytes]]:
    """The requests of a `.http` file that change something: method, path, body."""
    return [
        (method, path, body.strip().encode())
        for method, path, body in re.findall(
            r"^(PATCH|POST|DELETE) \{\{graph\}\}(\S+)\n(?:\S[^\n]*\n)*(.*?)(?=^###|\Z)",
            file.read_text("utf-8"),
            re.MULTILINE | re.DOTALL,
        )
    ]


def _send(tenant: FakeGraph, request: tuple[str, str, bytes]) -> None:
    """Send a request, with the ids that the file reads first."""
    method, path, body = request
    (extension,) = tenant.objects["customAuthenticationExtensions"]
    path = path.replace("{{extension.response.body.$.value[0].id}}", extension["id"])
    url = f"https://graph.microsoft.com{path}"
    answer = tenant.answer(httpx2.Request(method, url, content=body))
    assert answer.is_success, answer.text


@pytest.mark.parametrize(
    ("token", "status"), [(None, 401), ("expired", 400)], ids=["missing", "expired"]
)
def test_a_refused_token_is_said_so(
    run: Run, old: Endpoint, token: str | None, status: int
) -> None:
    """Both of the library's refusals are 1003002, with their status."""
    outcome = run("call", old.url, *(("--token", token) if token else ()))
    assert 1 == outcome.exit_code
    assert "1003002" in outcome.out
    assert f"status {status}" in outcome.out
