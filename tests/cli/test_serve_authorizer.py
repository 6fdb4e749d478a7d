"""The authorizer of `claimsctl serve`: who is let in, and what the log says of the others."""

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from claimsctl.entra.invalid_tokens import RefusedBy
from claimsctl.entra.token_claims import TENANT_ID, TenantKind, TokenProfile, TokenVersion
from claimsctl.entra.tokens import mint

from tests.cli.command import MEMBER, SECONDS
from tests.cli.server_process import HOST, Response, ServerProcess, in_a_shell, serving
from tests.effort import mostly_slow
from tests.invalid_tokens import ALL_INVALID_TOKENS
from tests.tokens import other_key

V1, V2 = TokenVersion
EXTERNAL, WORKFORCE = TenantKind
BODY = MEMBER.read_bytes()
UNAUTHORIZED = b'{"message":"Unauthorized"}'


@pytest.fixture(
    scope="module",
    params=mostly_slow(
        [(EXTERNAL, V2), (WORKFORCE, V2), (EXTERNAL, V1)], lambda issuer: issuer == (EXTERNAL, V2)
    ),
    ids=["external", "workforce", "v1"],
)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A server for each of Entra's three issuers."""
    kind, version = request.param
    options = ("--tenant-kind", kind.value, "--token-version", version.value)
    profile = TokenProfile(TENANT_ID, kind, version)
    with serving(tmp_path_factory.mktemp("authorizer"), *options, profile=profile) as server:
        yield server


@pytest.fixture(scope="module")
def function_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server without authorizer, whose function verifies."""
    home = tmp_path_factory.mktemp("function")
    with serving(home, "--caller-verification", "function") as server:
        yield server


def _last(server: ServerProcess) -> Any:
    """The last line of the log: it is written before the answer."""
    return server.logged()[-1]


def _claims(response: Response) -> Any:
    return json.loads(response.body)["data"]["actions"][0]["claims"]


def test_entras_token_gets_claims(server: ServerProcess) -> None:
    """A token of the issuer that the server expects, in both forms of the header."""
    token = mint(server.good_claims(), server.key)
    for authorization in (f"Bearer {token}", token):
        response = server.ask(BODY, authorization=authorization)
        assert 200 == response.status
        assert "gold" == _claims(response)["loyaltyTier"]


@pytest.mark.parametrize("name", ALL_INVALID_TOKENS)
def test_every_invalid_token_is_refused(server: ServerProcess, name: str) -> None:
    """401 for each, and a line in the log that says who refused it and why."""
    recipe = ALL_INVALID_TOKENS[name]
    token = recipe.make(server.good_claims(), server.key)
    before = len(server.logged())
    response = server.ask(BODY, authorization=f"Bearer {token}")
    assert 401 == response.status
    (line,) = server.logged()[before:]
    services = {RefusedBy.GATEWAY: "local-gateway", RefusedBy.FUNCTION: "claims-provider"}
    expected = (services[recipe.refused_by], recipe.reason)
    assert expected == (line["service"], line["cause"]["reason"])
    assert token not in server.log.read_text("utf-8")
    assert max(token.split("."), key=len) not in server.log.read_text("utf-8")


def test_the_gateways_answer(server: ServerProcess) -> None:
    """Body, content type and challenge are API Gateway's."""
    token = ALL_INVALID_TOKENS["aud"].make(server.good_claims(), server.key)
    response = server.ask(BODY, authorization=token)
    assert (401, "application/json", UNAUTHORIZED) == (
        response.status,
        response.content_type,
        response.body,
    )
    assert (
        'Bearer scope="" error="invalid_token"'
        ' error_description="the token does not have a valid audience"'
    ) == response.challenge


def test_no_token(server: ServerProcess) -> None:
    """The bare challenge; the log says that none was there."""
    response = server.ask(BODY, authorization=None)
    assert (401, UNAUTHORIZED, "Bearer") == (response.status, response.body, response.challenge)
    assert ("local-gateway", {"reason": "missing"}) == (
        _last(server)["service"],
        _last(server)["cause"],
    )


def test_expected_and_actual(server: ServerProcess) -> None:
    """The facts that show the mistake are in one line."""
    claims = server.good_claims() | {"iss": "https://sts.windows.net/elsewhere/"}
    server.ask(BODY, authorization=mint(claims, server.key))
    assert {
        "reason": "issuer",
        "claim": "iss",
        "expected": server.profile.issuer,
        "actual": "https://sts.windows.net/elsewhere/",
    } == _last(server)["cause"]


@pytest.mark.parametrize("kind", TenantKind)
@pytest.mark.parametrize("version", TokenVersion)
def test_only_its_own_issuer_gets_in(
    server: ServerProcess, kind: TenantKind, version: TokenVersion
) -> None:
    """A deployment has one issuer: tokens of the tenant's other two are refused."""
    profile = TokenProfile(TENANT_ID, kind, version)
    response = server.ask(BODY, authorization=mint(profile.claims(int(time.time())), server.key))
    assert (200 if profile.issuer == server.profile.issuer else 401) == response.status


def test_either_audience_gets_in(server: ServerProcess) -> None:
    """The app id and the identifier URI, as in the template."""
    uri = "api://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/11112222-bbbb-3333-cccc-4444dddd5555"
    for audience in (uri, uri.rpartition("/")[2]):
        token = mint(server.good_claims() | {"aud": audience}, server.key)
        assert 200 == server.ask(BODY, authorization=token).status


def test_two_tokens_are_none(server: ServerProcess) -> None:
    """The gateway joins headers of one name with a comma, good as each of them may be."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=SECONDS)
    connection.putrequest("POST", "/callout")
    connection.putheader("content-length", "0")
    for _ in range(2):
        connection.putheader("authorization", mint(server.good_claims(), server.key))
    connection.endheaders()
    assert 401 == connection.getresponse().status
    connection.close()
    assert "malformed" == _last(server)["cause"]["reason"]


def test_what_is_refused_never_reaches_the_function(server: ServerProcess) -> None:
    """However much a stranger sends, it is not read, and the function writes no line."""
    before = len(server.logged())
    assert 401 == server.ask(b"{" * 100_000, authorization="Bearer x").status
    assert ["local-gateway"] == [line["service"] for line in server.logged()[before:]]


def _published(server: ServerProcess, path: str) -> Any:
    response = server.ask(method="GET", path=path, headers={}, authorization=None)
    assert (200, "application/json") == (response.status, response.content_type)
    return json.loads(response.body)


@pytest.mark.parametrize(("version", "prefix"), [(V2, "v2.0/"), (V1, "")], ids=["v2", "v1"])
def test_the_issuer_is_published(server: ServerProcess, version: TokenVersion, prefix: str) -> None:
    """Anybody may read discovery and keys, at Entra's paths; the keys are behind a local URL."""
    document = _published(server, f"/{TENANT_ID}/{prefix}.well-known/openid-configuration")
    assert TokenProfile(TENANT_ID, server.profile.kind, version).issuer == document["issuer"]
    base = f"http://{HOST}:{server.port}"
    keys_path = document["jwks_uri"].removeprefix(base)
    assert f"/{TENANT_ID}/discovery/{prefix}keys" == keys_path
    assert {"keys": [server.key.jwk()]} == _published(server, keys_path)


def test_the_host_header_does_not_choose_where_keys_are(server: ServerProcess) -> None:
    """Whatever name of this machine a caller uses; another name is refused."""
    path = f"/{TENANT_ID}/v2.0/.well-known/openid-configuration"
    assert 403 == server.ask(method="GET", path=path, headers={"host": "x.example"}).status
    headers = {"host": f"localhost:{server.port}"}
    document = json.loads(server.ask(method="GET", path=path, headers=headers).body)
    assert document["jwks_uri"].startswith(f"http://{HOST}:{server.port}/")


def test_the_shown_command_works_in_a_shell(server: ServerProcess) -> None:
    """The curl command at the top of the log, run unchanged, gets claims."""
    shown = in_a_shell(server)
    assert shown.startswith(b"HTTP/1.1 200 OK")
    assert b'"loyaltyTier":"gold"' in shown


def test_a_deployments_variables_do_not_count(tmp_path: Path) -> None:
    """What a deployment's TOKEN_ISSUER says is for Entra's tokens, not for those made here."""
    with serving(
        tmp_path, TOKEN_ISSUER="https://elsewhere.example.com", TOKEN_AUDIENCES="elsewhere"
    ) as server:
        assert 200 == server.ask(BODY).status


def test_a_new_key_is_published_before_the_gateway_takes_it(tmp_path: Path) -> None:
    """The gateway has the old keys for two hours, as on AWS; who starts anew has the new one."""
    with serving(tmp_path) as server:
        assert 200 == server.ask(BODY).status
        key_file = next(tmp_path.rglob("issuer-key.pem"))
        old = server.key.kid
        key_file.unlink()
        assert 401 == server.ask(BODY).status
        cause = {"reason": "unknown-key", "claim": "kid", "expected": old, "actual": server.key.kid}
        assert cause == _last(server)["cause"]
        keys = _published(server, f"/{TENANT_ID}/discovery/v2.0/keys")
        assert [server.key.jwk()] == keys["keys"]
        key_file.write_text("")
        response = server.ask(method="GET", path=f"/{TENANT_ID}/discovery/keys", authorization=None)
        assert (503, b'{"message":"Service Unavailable"}') == (response.status, response.body)
        assert f"claimsctl: {key_file}: expected an RSA" in server.log.read_text("utf-8")
        assert "Traceback" not in server.log.read_text("utf-8")


@pytest.mark.parametrize("good_first", [True, False])
def test_two_tokens_are_none_to_the_function_either(
    function_server: ServerProcess,
    good_first: bool,  # noqa: FBT001
) -> None:
    """In function mode too, of two tokens in two headers neither counts."""
    good = f"Bearer {mint(function_server.good_claims(), function_server.key)}"
    assert 200 == function_server.ask(BODY, authorization=good).status
    connection = http.client.HTTPConnection(HOST, function_server.port, timeout=SECONDS)
    connection.putrequest("POST", "/callout")
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", str(len(BODY)))
    for authorization in (good, "Bearer x.y.z") if good_first else ("Bearer x.y.z", good):
        connection.putheader("authorization", authorization)
    connection.endheaders(BODY)
    assert 401 == connection.getresponse().status
    connection.close()


@pytest.mark.parametrize("name", ALL_INVALID_TOKENS)
def test_the_function_refuses_every_invalid_token_itself(
    function_server: ServerProcess, name: str
) -> None:
    """In function mode it is the function that refuses each, by the reason that is documented."""
    recipe = ALL_INVALID_TOKENS[name]
    token = recipe.make(function_server.good_claims(), function_server.key)
    assert 401 == function_server.ask(BODY, authorization=f"Bearer {token}").status
    line = _last(function_server)
    assert ("claims-provider", recipe.reason) == (line["service"], line["cause"]["reason"])


@pytest.mark.parametrize("kind", TenantKind)
@pytest.mark.parametrize("version", TokenVersion)
def test_the_function_takes_every_issuer_of_the_tenant(
    function_server: ServerProcess, kind: TenantKind, version: TokenVersion
) -> None:
    """In function mode tokens of all of the tenant's issuers get claims from one server."""
    claims = TokenProfile(TENANT_ID, kind, version).claims(int(time.time()))
    token = mint(claims, function_server.key)
    assert 200 == function_server.ask(BODY, authorization=f"Bearer {token}").status


def test_no_authorizer(tmp_path: Path) -> None:
    """Without verification every caller gets an answer, and every log line says so."""
    with serving(tmp_path, "--caller-verification", "none") as server:
        assert "Warning: tokens are not checked; every caller is treated as Entra." in (
            server.log.read_text("utf-8").splitlines()
        )
        stranger = mint(server.good_claims(), other_key())
        for authorization in (None, f"Bearer {stranger}"):
            assert 200 == server.ask(BODY, authorization=authorization).status
            assert ("WARNING", True) == (_last(server)["level"], "open_door" in _last(server))
