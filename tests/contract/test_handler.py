"""The whole pipeline, from a callout to its answer, for a deployment's settings."""

import json
import time
from typing import Any

import pytest
from claims_provider.claims.key import LayerKey, tenant_key, user_key
from claims_provider.handler import CalloutHandler
from claimsctl.emulator.events import http_api_event, played_event
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import CLIENT_APP_ID, TENANT_ID, authorizer_claims

from tests.fakes import FakeDynamoDB, handler_over

MEMBER = "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"
OTHER_TENANT = "99999999-9999-9999-9999-999999999999"
Items = dict[LayerKey, dict[str, Any]]


def _string_claims(**claims: str) -> dict[str, Any]:
    return {"claims": {"M": {name: {"S": value} for name, value in claims.items()}}}


def _event(scenario: str = "member", **user: Any) -> dict[str, Any]:
    body = body_of(scenario)
    body["data"]["authenticationContext"]["user"] |= user
    return played_event(json.dumps(body).encode(), TENANT_ID)


def _claims(response: dict[str, Any]) -> dict[str, Any]:
    assert response["statusCode"] == 200, response
    claims: dict[str, Any] = json.loads(response["body"])["data"]["actions"][0]["claims"]
    return claims


class BrokenDynamoDB:
    """A client that raises the given exception."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.calls = 0

    def batch_get_item(self, **_: Any) -> dict[str, Any]:
        """Fail."""
        self.calls += 1
        raise self._error


def test_the_answer_is_the_contracts() -> None:
    """The answer to a known user is, byte for byte, the one shape that Entra takes."""
    items: Items = {user_key(TENANT_ID, MEMBER, None): _string_claims(dateOfBirth="2000-01-01")}
    assert {
        "statusCode": 200,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": (
            '{"data":{"@odata.type":"microsoft.graph.onTokenIssuanceStartResponseData","actions":'
            '[{"@odata.type":"microsoft.graph.tokenIssuanceStart.provideClaimsForToken",'
            '"claims":{"dateOfBirth":"2000-01-01"}}]}}'
        ),
        "isBase64Encoded": False,
    } == handler_over(FakeDynamoDB(items))(_event())


def test_a_user_nobody_knows_gets_an_empty_set() -> None:
    """No claims are an empty object and a 200: null would be Entra's error 1003007."""
    assert {} == _claims(handler_over(FakeDynamoDB({}))(_event()))


def test_one_callout_is_one_read() -> None:
    """A callout costs one round trip, for exactly the items it needs."""
    store = FakeDynamoDB({})
    handler_over(store)(_event())
    assert [4] == [len(keys) for keys in store.asked]


def test_a_refused_caller_costs_no_read() -> None:
    """A refused caller causes no read of the table, and learns nothing about its body."""
    store = FakeDynamoDB({})
    event = http_api_event(b"{", {}, authorizer_claims=None, received_at_ms=0)
    assert (401, []) == (handler_over(store)(event)["statusCode"], store.asked)


def test_another_tenants_users_are_nobodys_business() -> None:
    """A body that names another tenant than the token's is refused before anything is read."""
    store = FakeDynamoDB({})
    body = body_of("member")
    body["data"]["tenantId"] = OTHER_TENANT
    event = played_event(json.dumps(body).encode(), TENANT_ID)
    assert (401, []) == (handler_over(store)(event)["statusCode"], store.asked)


def test_an_override_that_cannot_be_read_lets_nothing_through() -> None:
    """A broken item of the user is a store failure, not the tenant's default in its place."""
    items: Items = {
        tenant_key(TENANT_ID, None): _string_claims(role="admin"),
        user_key(TENANT_ID, MEMBER, None): {"claims": {"S": "oops"}},
    }
    assert 503 == handler_over(FakeDynamoDB(items))(_event())["statusCode"]


def test_a_value_entra_cannot_take_lets_nothing_through() -> None:
    """A broken value of the user's withholds the claim, the tenant's default for it included."""
    items: Items = {
        tenant_key(TENANT_ID, None): _string_claims(role="admin", tier="basic"),
        user_key(TENANT_ID, MEMBER, None): {"claims": {"M": {"role": {"N": "0"}}}},
    }
    assert {"tier": "basic"} == _claims(handler_over(FakeDynamoDB(items))(_event()))


def test_an_expired_override_is_gone() -> None:
    """An expired item neither provides nor hides claims, even before DynamoDB deletes it."""
    items: Items = {
        tenant_key(TENANT_ID, None): _string_claims(tier="basic"),
        user_key(TENANT_ID, MEMBER, None): _string_claims(tier="gold")
        | {"expires_at": {"N": str(int(time.time()) - 1)}},
    }
    assert {"tier": "basic"} == _claims(handler_over(FakeDynamoDB(items))(_event()))


def test_items_by_address_give_named_claims_only() -> None:
    """ADDRESS_KEY_CLAIMS limits what an item found by address can give and hide."""
    items: Items = {
        tenant_key(TENANT_ID, None): _string_claims(role="reader", tier="basic"),
        user_key(TENANT_ID, "casey@contoso.com", None): _string_claims(role="admin", tier="gold"),
    }
    handler = handler_over(FakeDynamoDB(items), USER_KEYS="id,mail", ADDRESS_KEY_CLAIMS="tier")
    assert {"role": "reader", "tier": "gold"} == _claims(handler(_event()))


def test_an_app_of_its_own_wins() -> None:
    """Claims for one app have precedence over those for every app."""
    items: Items = {
        user_key(TENANT_ID, MEMBER, None): _string_claims(role="reader"),
        user_key(TENANT_ID, MEMBER, CLIENT_APP_ID): _string_claims(role="writer"),
    }
    assert {"role": "writer"} == _claims(handler_over(FakeDynamoDB(items))(_event()))


def test_echo_claims_say_which_callout_this_was() -> None:
    """ECHO_CLAIMS adds the sign-in's correlation id and the answer's version."""
    handler = handler_over(FakeDynamoDB({}), ECHO_CLAIMS="correlationId,apiVersion")
    assert {
        "correlationId": "33333333-3333-3333-3333-333333333333",
        "apiVersion": "1.0.0",
    } == _claims(handler(_event()))


def test_an_unknown_correlation_id_is_not_echoed() -> None:
    """Where Entra sends no correlation id there is none to echo."""
    handler = handler_over(FakeDynamoDB({}), ECHO_CLAIMS="correlationId")
    assert {} == _claims(handler(_event("minimal")))


@pytest.mark.parametrize(("policy", "status"), [("fail", 503), ("empty", 200)])
def test_the_deployment_chooses_what_a_failure_means(policy: str, status: int) -> None:
    """While the table cannot be read, users get no token or a token without claims, as chosen."""
    handler = handler_over(BrokenDynamoDB(OSError("x")), ON_STORE_FAILURE=policy)
    assert status == handler(_event())["statusCode"]


def test_claims_too_large_are_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Claims larger than 3 KB are an error that names the size; nothing is cut."""
    items: Items = {user_key(TENANT_ID, MEMBER, None): _string_claims(a="x" * 4000)}
    response = handler_over(FakeDynamoDB(items))(_event())
    assert (500, "claims-too-large") == (
        response["statusCode"],
        json.loads(response["body"])["code"],
    )
    assert 4001 == json.loads(capsys.readouterr().out.splitlines()[0])["cause"]["claims_bytes"]


def test_a_bug_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected exception is a 500 with a code, not a crash."""

    def burst(*_: object) -> None:
        raise KeyError("casey@contoso.com")  # noqa: EM101

    monkeypatch.setattr(CalloutHandler, "_claims_for", burst)
    response = handler_over(FakeDynamoDB({}))(_event())
    assert "internal-error" == json.loads(response["body"])["code"]
    assert "casey" not in response["body"]


def test_an_open_door_is_loud(capsys: pytest.CaptureFixture[str]) -> None:
    """Without verification every callout warns in the log and counts in a metric."""
    handler_over(FakeDynamoDB({}), CALLER_VERIFICATION="none")(_event())
    log, metrics = map(json.loads, capsys.readouterr().out.splitlines())
    assert ("WARNING", [1.0], [1.0]) == (log["level"], metrics["OpenDoor"], metrics["NotEntra"])
    assert "open_door" in log


def test_a_line_joins_entras_log(capsys: pytest.CaptureFixture[str]) -> None:
    """A callout's line has its correlation id, outcome, counts, sizes and times."""
    items: Items = {user_key(TENANT_ID, MEMBER, None): _string_claims(role="x")}
    handler_over(FakeDynamoDB(items))(_event())
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert ("33333333-3333-3333-3333-333333333333", "answered", 200, 4, 1, 1, 5) == (
        line["correlationId"],
        line["outcome"],
        line["status"],
        line["keys"],
        line["layers"],
        line["claims"],
        line["claims_bytes"],
    )
    assert {"answer_ms", "store_ms", "cold_start", "body_chars"} <= line.keys()


@pytest.mark.parametrize(
    ("correlation_id", "logged"),
    [("33333333-3333-3333-3333-333333333333", "33333333-3333-3333-3333-333333333333"), (7, None)],
)
def test_a_body_that_is_refused_is_found_by_its_sign_in(
    correlation_id: object, logged: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log line of a refusal has the correlation id."""
    body = body_of("member")
    body["data"]["authenticationContext"]["correlationId"] = correlation_id
    del body["data"]["authenticationContext"]["user"]
    handler_over(FakeDynamoDB({}))(played_event(json.dumps(body).encode(), TENANT_ID))
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert ("field-missing", logged) == (line["outcome"], line.get("correlationId"))


@pytest.mark.parametrize("context", [{"user": None}, {"user": {}}, {}])
def test_a_callout_without_a_user_is_named_in_the_log(
    context: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """A daemon's token may cause one: the line says so, the answer does not."""
    body = body_of("member")
    del body["data"]["authenticationContext"]["user"]
    body["data"]["authenticationContext"] |= context
    answer = handler_over(FakeDynamoDB({}))(played_event(json.dumps(body).encode(), TENANT_ID))
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert "no-user" == line["cause"]["reason"]
    assert "app-only" in line["cause"]["hint"]
    assert (400, False) == (answer["statusCode"], "app-only" in answer["body"])


def test_a_user_without_an_id_is_a_user(capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody is named there: the request was made by hand, and the field says what it lacks."""
    body = body_of("member")
    del body["data"]["authenticationContext"]["user"]["id"]
    handler_over(FakeDynamoDB({}))(played_event(json.dumps(body).encode(), TENANT_ID))
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert ("field-missing", "data.authenticationContext.user.id") == (
        line["outcome"],
        line["field"],
    )
    assert "cause" not in line


def test_a_refusal_tells_the_operator_why(capsys: pytest.CaptureFixture[str]) -> None:
    """The log of a refusal says which claim was wrong, what was expected and what was found."""
    claims = authorizer_claims(TENANT_ID) | {"azp": OTHER_TENANT}
    event = http_api_event(b"{}", {}, authorizer_claims=claims, received_at_ms=0)
    handler_over(FakeDynamoDB({}))(event)
    assert {
        "reason": "caller",
        "claim": "azp",
        "expected": "99045fe1-7639-4a75-9d4a-577b6ca3810f",
        "actual": OTHER_TENANT,
    } == json.loads(capsys.readouterr().out.splitlines()[0])["cause"]
