"""`claimsctl call`: one callout to any endpoint, and what Entra would see."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from claimsctl.claims_file.record import Record
from claimsctl.entra.token_claims import TENANT_ID

from tests.claims_file.files import APP, TENANT, USER
from tests.cli.command import EVENTS, Outcome, Run
from tests.endpoints import JSON, Received, Reply, endpoint
from tests.integration.engine import Table

POLICY = {
    "ClaimsSchema": [
        {"Source": "CustomClaimsProvider", "ID": "dateOfBirth", "JwtClaimType": "birthdate"},
        {"Source": "CustomClaimsProvider", "ID": "customroles", "JwtClaimType": "my_roles"},
    ]
}


def test_a_good_endpoint_is_accepted(run: Run) -> None:
    """Request, timing, answer, verdict and claims are shown; nothing is on standard error."""
    with endpoint(lambda _: Reply()) as served:
        outcome = run("call", served.url)
    assert (0, "") == (outcome.exit_code, outcome.err)
    for shown in (
        f"→ POST {served.url}",
        "user.id aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb",
        "no Authorization header",
        "attempt 1  200  application/json",
        "first byte",
        "Entra would accept this answer",
        '  dateOfBirth  "2000-01-01"',
    ):
        assert shown in outcome.out
    (request,) = served.received
    assert "application/json" == request.headers["content-type"]
    assert "authorization" not in request.headers


def test_a_bad_answer_is_told_with_its_code(run: Run) -> None:
    """Exit code 1, the finding's id, and the code that the sign-in log would show."""
    with endpoint(lambda _: Reply(headers={"content-type": "text/plain"})) as served:
        outcome = run("call", served.url)
    assert 1 == outcome.exit_code
    assert "Entra would refuse this answer: 1003006" in outcome.out
    assert "RSP002" in outcome.out


def test_no_answer_is_told_with_its_code(run: Run) -> None:
    """Without a listening server, the connection is refused."""
    outcome = run("call", "http://127.0.0.1:1/callout", "--retries", "1")
    assert 1 == outcome.exit_code
    assert "attempt 2  no answer" in outcome.out
    assert "NET002" in outcome.out
    assert "1003027" in outcome.out


def test_the_answer_is_waited_for_as_long_as_entra_does(run: Run) -> None:
    """--timeout-ms is the extension's, with its bounds."""
    assert 2 == run("call", "http://127.0.0.1:1/", "--timeout-ms", "2001").exit_code
    assert 2 == run("call", "http://127.0.0.1:1/", ENTRA_WAIT_MS="199").exit_code


def test_a_token_is_sent_and_not_shown(run: Run) -> None:
    """What opens the endpoint is in no output."""
    with endpoint(lambda _: Reply()) as served:
        plain = run("call", served.url, "--token", "not-to-be-seen")
        document = run("call", served.url, "--json", CALLOUT_TOKEN="not-to-be-seen")
    assert ["Bearer not-to-be-seen"] * 2 == [
        request.headers["authorization"] for request in served.received
    ]
    for outcome in (plain, document):
        assert "not-to-be-seen" not in outcome.out + outcome.err


SECRETS = {
    "given": (("--token", "not-to-be-seen"), {}),
    "environment": ((), {"CALLOUT_TOKEN": "not-to-be-seen"}),
    "local": (("--token-from", "local"), {}),
    "tenant": (
        ("--token-from", "client-credentials", "--client-id", "a", "--identifier-uri", "api://a"),
        {"AZURE_CLIENT_SECRET": "not-to-be-seen"},
    ),
}


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each host that an address is looked up of; none has one."""
    hosts: list[str] = []

    def look_up(host: Any, *_: object, **__: object) -> None:
        hosts.append(host.decode() if isinstance(host, bytes) else host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return hosts


@pytest.mark.parametrize("command", [("call",), ("doctor", "endpoint")])
@pytest.mark.parametrize(("options", "env"), SECRETS.values(), ids=list(SECRETS))
@pytest.mark.parametrize(
    "url", ["http://claims.example/callout", "http://192.0.2.1/", "http://127.0.0.1.example/",
            "http://localhost@claims.example/", "http://x.localhost/", "HTTP://claims.example/"]
)  # fmt: skip
def test_no_token_goes_over_plain_http(
    command: tuple[str, ...],
    options: tuple[str, ...],
    env: dict[str, str],
    url: str,
    run: Run,
    lookups: list[str],
) -> None:
    """Nothing is sent and no name is resolved: anyone on the network path could use the token."""
    outcome = run(*command, url, *options, **env)
    assert (2, "") == (outcome.exit_code, outcome.out)
    assert "the bearer token would be sent to " in outcome.err
    assert "nothing was sent. Use an https URL" in outcome.err
    assert "not-to-be-seen" not in outcome.err
    assert [] == lookups


@pytest.mark.parametrize("command", [("call",), ("doctor", "endpoint")])
@pytest.mark.parametrize("forced", [("--insecure-http",), ()])
def test_plain_http_can_be_forced(
    command: tuple[str, ...], forced: tuple[str, ...], run: Run, lookups: list[str]
) -> None:
    """By option or variable; what that means is in the output."""
    env = {} if forced else {"CALLOUT_INSECURE_HTTP": "1"}
    url = "http://claims.example/callout"
    outcome = run(*command, url, "--token", "not-to-be-seen", *forced, **env)
    assert 1 == outcome.exit_code
    expected = "--insecure-http: the bearer token is sent to claims.example over unencrypted http"
    assert expected in outcome.err
    assert {"claims.example"} == set(lookups)


def test_no_secret_goes_over_plain_http(run: Run, lookups: list[str]) -> None:
    """The authority that gives tokens is asked by https too."""
    options, env = SECRETS["tenant"]
    outcome = run(
        "call", "https://claims.example/", *options, "--authority", "http://sts.example/t", **env
    )
    assert 2 == outcome.exit_code
    expected = "the client secret would be sent to sts.example over unencrypted http"
    assert expected in outcome.err
    assert [] == lookups


def test_without_a_token_plain_http_is_called(run: Run, lookups: list[str]) -> None:
    """There is nothing to lose."""
    assert 1 == run("call", "http://claims.example/callout").exit_code
    assert ["claims.example"] == lookups


def test_a_local_token_is_of_the_callouts_tenant(run: Run) -> None:
    """`--token-from local` is what `claimsctl serve` takes."""
    tenant = "bbbbcccc-1111-dddd-2222-eeee3333ffff"
    with endpoint(lambda _: Reply()) as served:
        run("call", served.url, "--token-from", "local", "--tenant", tenant)
    (request,) = served.received
    assert request.headers["authorization"].startswith("Bearer eyJ")
    assert tenant == json.loads(request.body)["data"]["tenantId"]


def test_a_tenants_token_needs_its_credentials(run: Run) -> None:
    """What is missing is named, and the secret has no option."""
    outcome = run("call", "http://127.0.0.1:1/", "--token-from", "client-credentials")
    assert 2 == outcome.exit_code
    assert "--client-id (AZURE_CLIENT_ID), AZURE_CLIENT_SECRET in the environment" in outcome.err
    assert "--client-secret" not in run("call", "--help").out


def test_a_tenants_token_is_fetched(run: Run) -> None:
    """`--token-from client-credentials` asks the authority, then calls."""

    def respond(received: Received) -> Reply:
        if received.path.endswith("/token"):
            return Reply(200, b'{"access_token": "a.b.c"}', JSON)
        return Reply()

    with endpoint(respond) as served:
        outcome = run(
            *("call", served.url, "--token-from", "client-credentials", "--client-id", "app"),
            *("--identifier-uri", "api://host/app"),
            *("--authority", served.url.removesuffix("/callout")),
            AZURE_CLIENT_SECRET="s",
        )
    assert 0 == outcome.exit_code, outcome.err
    assert "Bearer a.b.c" == served.received[1].headers["authorization"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--scenario", "guest"), "dddddddd-3333-4444-5555-eeeeeeeeeeee"),
        (("--set", "user.id=me"), "me"),
        (
            ("--event", EVENTS / "callout/local-account.json"),
            "bbbbbbbb-1111-2222-3333-cccccccccccc",
        ),
        (("--event", EVENTS / "gateway/http-api.json"), "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"),
    ],
    ids=["scenario", "set", "body", "envelope"],
)
def test_anybody_can_sign_in(run: Run, arguments: tuple[str | Path, ...], expected: str) -> None:
    """A scenario, a file, or a field of it says who."""
    with endpoint(lambda _: Reply()) as served:
        assert 0 == run("call", served.url, *arguments).exit_code
    body = json.loads(served.received[0].body)
    assert expected == body["data"]["authenticationContext"]["user"]["id"]
    assert TENANT_ID == body["data"]["tenantId"]


def test_the_token_is_previewed(run: Run, tmp_path: Path) -> None:
    """Which claims would be in the token, by which names, and which are dropped, and why."""
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(POLICY), "utf-8")
    with endpoint(lambda _: Reply()) as served:
        outcome = run("call", served.url, "--policy", policy, "--api-policy", policy)
    for title in ("In the ID token", "In the access token"):
        assert title in outcome.out
    assert '→ birthdate  "2000-01-01"' in outcome.out
    assert "dropped: the policy maps customroles" in outcome.out


def test_the_document_can_be_judged_again(run: Run, tmp_path: Path) -> None:
    """--json is an exchange: `claimsctl judge` reads it and says the same."""
    saved = tmp_path / "exchange.json"
    with endpoint(lambda _: Reply(body=b'{"data": null}')) as served:
        outcome = run("call", served.url, "--json")
    saved.write_text(outcome.out, "utf-8")
    document = json.loads(outcome.out)
    judged = run("judge", saved, "--json")
    assert document["verdict"]["entra_code"] == json.loads(judged.out)["entra_code"] == 1003003
    assert (1, 1) == (outcome.exit_code, judged.exit_code)
    assert {"dns", "connect", "send", "first_byte", "body"} == (
        document["attempts"][0]["timings_ms"].keys()
    )


def test_several_callouts_are_summed_up(run: Run) -> None:
    """--repeat says percentiles and how many were accepted; one refusal is exit code 1."""
    answers = iter([200, 200, 500])
    with endpoint(lambda _: Reply(next(answers))) as served:
        outcome = run("call", served.url, "--repeat", "3")
    assert 1 == outcome.exit_code
    assert "3 callouts, 2 accepted" in outcome.out
    assert "p50" in outcome.out


@pytest.mark.parametrize(
    "url", ["", "host", "ftp://host/", "http://", "https://a b/", "http://h:0/"]
)
def test_what_is_no_url_is_refused(run: Run, url: str) -> None:
    """The message says what a URL looks like."""
    outcome = run("call", url)
    assert 2 == outcome.exit_code
    assert "expected an http or https URL such as https://host/callout" in outcome.err


def test_a_catalogue_stands_for_policies(run: Run, tmp_path: Path) -> None:
    """`claims.toml` says what each token would hold: the app's own claims, and everybody's."""
    catalogue = tmp_path / "claims.toml"
    catalogue.write_text(
        '[claims.dateOfBirth]\ntype = "string"\ntoken_name = "birthdate"\n'
        '[claims.customRoles]\ntype = "list"\n'
        'apps = ["00001111-aaaa-2222-bbbb-3333cccc4444"]\n',
        "utf-8",
    )
    with endpoint(lambda _: Reply()) as served:
        outcome = run("call", served.url, "--json", CLAIMS_CATALOGUE=str(catalogue))
    preview = json.loads(outcome.out)["preview"]
    assert {"id": "customRoles", "name": "customRoles", "fate": "emitted"} in preview["ID token"]
    assert [
        {"id": "dateOfBirth", "name": "birthdate", "fate": "emitted"},
        {"id": "customRoles", "name": None, "fate": "not-mapped"},
    ] == preview["access token"]


@pytest.mark.parametrize(
    ("user", "sent"),
    [
        ("ABCDABCD-0000-1111-2222-BBBBBBBBBBBB", {"id": "abcdabcd-0000-1111-2222-bbbbbbbbbbbb"}),
        ("ada@contoso.com", {"mail": "ada@contoso.com", "userPrincipalName": "ada@contoso.com"}),
    ],
    ids=["id", "address"],
)
def test_a_user_of_the_table_signs_in(run: Run, user: str, sent: dict[str, str]) -> None:
    """`--user` names who signs in as the table does; the rest of the callout stays."""
    with endpoint(lambda _: Reply()) as served:
        assert 0 == run("call", served.url, "--user", user).exit_code
    (request,) = served.received
    found = json.loads(request.body)["data"]["authenticationContext"]["user"]
    assert sent.items() <= found.items()
    assert "Member" == found["userType"]


def _called(run: Run, table: Table, *options: str) -> tuple[Outcome, dict[str, Any]]:
    """The outcome of a call of a user of the table, and the body that was sent."""
    where = ("--endpoint-url", table.url, "--table", table.name, "--tenant", TENANT)
    with endpoint(lambda _: Reply()) as served:
        outcome = run("call", served.url, *where, *options)
    return outcome, json.loads(served.received[0].body) if served.received else {}


def test_the_callout_is_filled_from_the_table(run: Run, table: Table) -> None:
    """Tenant, user and the one app that the user has rows for; `--set` has the last word."""
    table.put_claims(Record(TENANT, USER, APP).key, {"tier": "gold"})
    outcome, body = _called(run, table, "--user", USER)
    assert (0, f"From table {table.name}: tenant {TENANT}, user {USER}, app {APP}\n") == (
        outcome.exit_code,
        outcome.err,
    )
    context = body["data"]["authenticationContext"]
    assert (TENANT, USER) == (body["data"]["tenantId"], context["user"]["id"])
    assert APP == context["clientServicePrincipal"]["appId"]
    assert f"/tenants/{TENANT}/applications/{APP}" == body["source"]
    table.put_claims(Record(TENANT, USER, None).key, {"tier": "basic"})
    other = ("--set", f"clientServicePrincipal.appId={TENANT}")
    outcome, body = _called(run, table, "--user", USER, *other)
    assert f"it has rows for app {APP}: sign in" in outcome.err
    app = body["data"]["authenticationContext"]["clientServicePrincipal"]["appId"]
    assert TENANT == app


def test_a_user_whom_the_table_lacks_is_refused(run: Run, table: Table) -> None:
    """Nothing is sent for a user without a row, nor for a table without a user."""
    outcome, body = _called(run, table, "--user", "casey@contoso.com")
    assert (2, {}) == (outcome.exit_code, body)
    assert f"no row USER#{TENANT}#casey@contoso.com; nothing was sent" in outcome.err
    outcome, body = _called(run, table)
    assert (2, {}, True) == (outcome.exit_code, body, "name one with --user" in outcome.err)
