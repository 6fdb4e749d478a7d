"""`claimsctl serve --issuer`: tokens that a third party signs, such as an emulator of Entra."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from claims_provider.contract.identifiers import AUTHENTICATION_EVENTS_APP_ID
from claimsctl.emulator.issuer_keys import RETRY_SECONDS
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import TokenProfile
from claimsctl.entra.tokens import mint, unsigned

from tests.cli.command import Run
from tests.cli.server_process import HOST, Response, ServerProcess, serving
from tests.key_servers import key_set
from tests.openid_provider import APP_ID, AUDIENCE, TENANT_ID, OpenIdProvider, openid_provider
from tests.tokens import other_key, signing_key

USER = "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"
OTHER = "bbbbcccc-1111-dddd-2222-eeee3333ffff"
CLAIMS = f"tenant_id,user,tier\n{TENANT_ID},{USER},gold\n"
NEEDS = "requires"
OPTIONS = ("--claims", "mine.csv", "--tenant", TENANT_ID)


def _body(tenant_id: str = TENANT_ID) -> bytes:
    body = body_of("member")
    body["data"]["tenantId"] = tenant_id
    body["data"]["authenticationContext"]["user"]["id"] = USER
    return json.dumps(body).encode()


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    """A third party that signs tokens."""
    with openid_provider() as provider:
        yield provider


@pytest.fixture(scope="module", params=["gateway", "function"])
def server(
    request: pytest.FixtureRequest,
    provider: OpenIdProvider,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServerProcess]:
    """A server that accepts the third party's tokens, in either mode."""
    home = tmp_path_factory.mktemp("third")
    (home / "mine.csv").write_text(CLAIMS)
    options = ("--issuer", provider.issuer, "--jwks", provider.keys_url, "--audience", AUDIENCE)
    caller = ("--audience", "second", "--caller", APP_ID, "--caller", OTHER)
    mode = ("--caller-verification", request.param)
    with serving(home, *OPTIONS, *options, *caller, *mode) as server:
        yield server


def _ask(server: ServerProcess, token: str, body: bytes = b"") -> Response:
    return server.ask(body or _body(), authorization=f"Bearer {token}")


def _claims(response: Response) -> Any:
    return json.loads(response.body)["data"]["actions"][0]["claims"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": "second"},
        {"azp": OTHER},
        {"azp": AUTHENTICATION_EVENTS_APP_ID},
        {"ver": "1.0", "azp": None, "appid": APP_ID},
    ],
    ids=["good", "second-audience", "second-caller", "entras-own", "v1"],
)
def test_a_third_partys_token_gets_claims(
    server: ServerProcess, provider: OpenIdProvider, changes: dict[str, Any]
) -> None:
    """Any of the audiences, any of the callers, in both token versions."""
    response = _ask(server, provider.token(**changes))
    assert (200, {"tier": "gold"}) == (response.status, _claims(response))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://issuer.example.com"}, "issuer"),
        ({"iss": f"https://login.microsoftonline.com/{TENANT_ID}/v2.0"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "third"}, "audience"),
        ({"aud": None, "client_id": AUDIENCE}, "audience"),
        ({"azp": "11112222-bbbb-3333-cccc-4444dddd5555"}, "caller"),
        ({"azp": None}, "caller"),
        ({"azp": None, "appid": APP_ID}, "caller"),
        ({"ver": None}, "version"),
        ({"tid": OTHER}, "tenant"),
        ({"tid": None}, "tenant"),
        ({"exp": int(time.time()) - 3600}, "expired"),
        ({"exp": None}, "malformed"),
        ({"nbf": int(time.time()) + 7200}, "not-yet-valid"),
    ],
)
def test_a_wrong_token_is_refused(
    server: ServerProcess, provider: OpenIdProvider, changes: dict[str, Any], reason: str
) -> None:
    """Each claim is checked as strictly as Entra's, and the log has the reason."""
    assert 401 == _ask(server, provider.token(**changes)).status
    assert reason == server.logged()[-1]["cause"]["reason"]


def test_a_key_of_somebody_elses_is_refused(
    server: ServerProcess, provider: OpenIdProvider
) -> None:
    """Nor is a token accepted that `claimsctl token` would sign, or an unsigned one."""
    header = {"alg": "none", "typ": "JWT", "kid": provider.key.kid}
    for token in (
        mint(provider.claims(), other_key()),
        mint(server.profile.claims(int(time.time())), server.key),
        f"{unsigned(header, provider.claims())}.",
        mint(provider.claims(), provider.key)[:-8] + "AAAAAAAA",
    ):
        assert 401 == _ask(server, token).status


def test_another_tenants_callout_is_refused(
    server: ServerProcess, provider: OpenIdProvider
) -> None:
    """The tenant of the token is the only one that it may ask about."""
    assert 401 == _ask(server, provider.token(), _body(OTHER)).status
    assert "tenant" == server.logged()[-1]["cause"]["reason"]


def test_it_says_what_it_accepts(server: ServerProcess, provider: OpenIdProvider) -> None:
    """The issuer, the keys and the required claims are shown, but no command for a token."""
    audiences, callers = f"{AUDIENCE} or second", f"{APP_ID} or {OTHER}"
    accepted = f"aud {audiences}; azp {callers} or {AUTHENTICATION_EVENTS_APP_ID} (Entra's)"
    versions = "ver 2.0 (or ver 1.0, with appid instead of azp)"
    serving = f"Serving http://{HOST}:{server.port}/callout for tenant {TENANT_ID}."
    assert [
        f"{serving} Press Ctrl-C to stop.",
        f"Accepts tokens issued by {provider.issuer}; keys from {provider.keys_url}",
        f"Required claims: {accepted}; tid {TENANT_ID}; {versions}",
    ] == server.log.read_text("utf-8").splitlines()[:3]


def test_it_publishes_no_issuer(server: ServerProcess) -> None:
    """The local issuer signs nothing here; its keys would mislead."""
    assert 404 == server.ask(method="GET", path=f"/{TENANT_ID}/discovery/v2.0/keys").status


def test_the_log_says_that_it_is_not_entra(server: ServerProcess, provider: OpenIdProvider) -> None:
    """A caller of `--caller` is a test caller, as in a deployment."""
    _ask(server, provider.token())
    assert ("test", "WARNING") == (server.logged()[-1]["caller"], server.logged()[-1]["level"])


def test_a_token_without_a_caller(provider: OpenIdProvider, tmp_path: Path) -> None:
    """`--caller none` accepts tokens that name no app, and a wrong app still not.

    The callout is an emulator's, with the least that one sends.
    """
    (tmp_path / "mine.csv").write_text(CLAIMS)
    options = ("--issuer", provider.issuer, "--jwks", provider.keys_url, "--caller", "none")
    body = {
        "type": "microsoft.graph.authenticationEvent.tokenIssuanceStart",
        "source": f"/tenants/{TENANT_ID}/applications/{APP_ID}",
        "data": {
            "@odata.type": "microsoft.graph.onTokenIssuanceStartCalloutData",
            "tenantId": TENANT_ID,
            "authenticationEventListenerId": OTHER,
            "customAuthenticationExtensionId": OTHER,
            "authenticationContext": {
                "correlationId": OTHER,
                "protocol": "OAUTH2.0",
                "clientServicePrincipal": {"appId": APP_ID, "displayName": "My app"},
                "user": {"id": USER, "userPrincipalName": "casey@x", "userType": "Member"},
            },
        },
    }
    with serving(tmp_path, *OPTIONS, *options, "--audience", AUDIENCE) as server:
        sent = json.dumps(body).encode()
        for changes in ({"azp": None}, {"azp": None, "ver": "1.0"}):
            response = _ask(server, provider.token(**changes), sent)
            assert (200, {"tier": "gold"}) == (response.status, _claims(response))
        assert "test" == server.logged()[-1]["caller"]
        assert 401 == _ask(server, provider.token(azp=OTHER), sent).status


def test_keys_in_a_file(tmp_path: Path) -> None:
    """A rotated key is accepted as soon as it is in the file; every option has a variable."""
    (tmp_path / "mine.csv").write_text(CLAIMS)
    jwks = tmp_path / "jwks.json"
    jwks.write_bytes(key_set(other_key()))
    provider = OpenIdProvider("https://issuer.example.com")
    environment = {
        "TENANT_ID": TENANT_ID,
        "SERVE_ISSUER": provider.issuer,
        "SERVE_JWKS": str(jwks),
        "SERVE_AUDIENCES": f"first {AUDIENCE}",
        "SERVE_CALLERS": f"{OTHER} {APP_ID}",
    }
    profile = TokenProfile(TENANT_ID)
    with serving(tmp_path, "--claims", "mine.csv", profile=profile, **environment) as server:
        assert 401 == _ask(server, provider.token()).status
        assert "unknown-key" == server.logged()[-1]["cause"]["reason"]
        jwks.write_bytes(key_set(provider.key))
        assert 200 == _ask(server, provider.token()).status
        jwks.unlink()
        assert 401 == _ask(server, provider.token()).status
        assert "keys-unavailable" == server.logged()[-1]["cause"]["reason"]


def test_a_third_party_may_start_later(tmp_path: Path) -> None:
    """Keys that cannot be fetched at the start are a warning; a callout fetches them again."""
    (tmp_path / "mine.csv").write_text(CLAIMS)
    with openid_provider() as provider:
        provider.status = 503
        options = ("--issuer", provider.issuer, "--jwks", provider.keys_url)
        caller = ("--audience", AUDIENCE, "--caller", APP_ID)
        with serving(tmp_path, *OPTIONS, *options, *caller) as server:
            warning = f"{provider.keys_url}: expected a key set with status 200, found status 503;"
            assert server.log.read_text("utf-8").startswith(warning)
            provider.status = 200
            time.sleep(RETRY_SECONDS)
            assert 200 == _ask(server, provider.token()).status


def test_unknown_keys_do_not_make_it_fetch(tmp_path: Path) -> None:
    """An unknown key id fetches the keys again once a minute, however many come before that."""
    (tmp_path / "mine.csv").write_text(CLAIMS)
    with openid_provider() as provider:
        options = ("--issuer", provider.issuer, "--jwks", provider.keys_url)
        caller = ("--audience", AUDIENCE, "--caller", APP_ID)
        with serving(tmp_path, *OPTIONS, *options, *caller) as server:
            provider.key = signing_key(3)
            for _ in range(20):
                assert 401 == _ask(server, provider.token()).status
            assert 1 == len(provider.asked)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--jwks", "x"), f"--jwks {NEEDS} --issuer"),
        (("--issuer", "https://x"), f"--issuer {NEEDS} --jwks"),
        (("--audience", "x"), f"--audience {NEEDS} --issuer and --jwks"),
        (("--caller", "x"), f"--caller {NEEDS} --issuer and --jwks"),
        (
            ("--issuer", "https://x", "--jwks", "none.json"),
            "none.json: cannot be read: No such file or directory",
        ),
        (
            ("--issuer", "https://x", "--jwks", "https://x", "--caller-verification", "none"),
            "--issuer and --caller-verification none are mutually exclusive",
        ),
        (
            (
                "--issuer", "https://x", "--jwks", "http://127.0.0.1:1", "--caller", "none",
                "--caller-verification", "function",
            ),
            "--caller none requires --caller-verification gateway",
        ),
    ],
)  # fmt: skip
def test_options_that_do_not_fit(run: Run, options: tuple[str, ...], message: str) -> None:
    """What is missing is named, and nothing is served."""
    outcome = run("serve", *options)
    last = outcome.err.splitlines()[-1]
    assert (2, "", f"claimsctl: {message}") == (outcome.exit_code, outcome.out, last)


def test_a_file_that_is_no_key_set(run: Run, tmp_path: Path) -> None:
    """It is reported at the start, not to the first caller."""
    jwks = tmp_path / "jwks.json"
    jwks.write_text("{}")
    outcome = run("serve", "--issuer", "https://x", "--jwks", jwks)
    assert (2, "") == (outcome.exit_code, outcome.out)
    expected = f'claimsctl: {jwks}: expected a JSON Web Key Set: {{"keys": [...]}}\n'
    assert expected == outcome.err
