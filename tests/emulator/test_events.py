"""Envelopes as AWS documents them: what the function gets in Lambda is what it gets here."""

import json
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import pytest
from claims_provider.inbound.http_event import Envelope, read_http_event
from claimsctl.emulator.events import function_url_event, http_api_event, rest_api_event
from claimsctl.entra.token_claims import TENANT_ID, authorizer_claims

HEADERS = {"Content-Type": "application/json; charset=utf-8", "X-Sent": "Yes"}
RECEIVED_AT_MS = 1795508520123
BODY = '{"é": "\U0001f600"}'.encode()


def _http_api(body: bytes = BODY) -> dict[str, Any]:
    return http_api_event(
        body,
        HEADERS,
        authorizer_claims=authorizer_claims(TENANT_ID),
        received_at_ms=RECEIVED_AT_MS,
    )


def _function_url(body: bytes = BODY) -> dict[str, Any]:
    return function_url_event(body, HEADERS, received_at_ms=RECEIVED_AT_MS)


def _rest_api(body: bytes = BODY) -> dict[str, Any]:
    return rest_api_event(body, HEADERS, received_at_ms=RECEIVED_AT_MS)


BUILDERS = pytest.mark.parametrize(
    ("build", "envelope"),
    [
        (_http_api, Envelope.HTTP_API),
        (_function_url, Envelope.FUNCTION_URL),
        (_rest_api, Envelope.REST_API),
    ],
    ids=["http-api", "function-url", "rest-api"],
)


@BUILDERS
def test_the_function_knows_each_envelope(build: Any, envelope: Envelope) -> None:
    """Each event is read as what it plays: method, body, moment and headers."""
    call = read_http_event(json.loads(json.dumps(build())))
    assert (envelope, "POST", BODY, RECEIVED_AT_MS) == (
        call.envelope,
        call.method,
        call.body(),
        call.received_at_ms,
    )
    assert "Yes" == call.headers["x-sent"]


@BUILDERS
def test_text_stays_text_and_bytes_become_base64(build: Any, envelope: Envelope) -> None:
    """A UTF-8 body is unchanged; any other is in base64."""
    assert (BODY.decode(), False) == (build()["body"], build()["isBase64Encoded"])
    event = build(b"\xff\xfe")
    assert (b"\xff\xfe", True) == (b64decode(event["body"]), event["isBase64Encoded"])
    assert b"\xff\xfe" == read_http_event(event).body()


def test_payload_2_of_an_http_api() -> None:
    """Version 2.0 has header names in lower case, the route key, and the time in two formats."""
    event = _http_api()
    context = event["requestContext"]
    assert ("2.0", "POST /callout", "/callout", "") == (
        event["version"],
        event["routeKey"],
        event["rawPath"],
        event["rawQueryString"],
    )
    assert {"content-type", "x-sent", "host"} == set(event["headers"])
    assert ("POST", "/callout") == (context["http"]["method"], context["http"]["path"])
    assert event["routeKey"] == context["routeKey"]
    assert context["domainName"] == event["headers"]["host"]
    assert context["domainName"].startswith(f"{context['apiId']}.execute-api.")
    assert RECEIVED_AT_MS == context["timeEpoch"]
    told = datetime.strptime(context["time"], "%d/%b/%Y:%H:%M:%S %z")
    assert datetime.fromtimestamp(RECEIVED_AT_MS // 1000, UTC) == told
    assert "multiValueHeaders" not in event


def test_what_the_jwt_authorizer_hands_on() -> None:
    """Claims are all strings, and ``scopes`` is null for a token without any."""
    jwt = _http_api()["requestContext"]["authorizer"]["jwt"]
    assert {"claims", "scopes"} == set(jwt)
    assert jwt["scopes"] is None
    assert {str} == {type(value) for value in jwt["claims"].values()}
    assert (TENANT_ID, "2.0") == (jwt["claims"]["tid"], jwt["claims"]["ver"])


def test_a_route_without_authorizer_hands_on_nothing() -> None:
    """Without an authorizer, and behind a Function URL without IAM, there is no such member."""
    event = http_api_event(BODY, HEADERS, authorizer_claims=None, received_at_ms=RECEIVED_AT_MS)
    assert "authorizer" not in event["requestContext"]
    assert "authorizer" not in _function_url()["requestContext"]
    assert "authorizer" not in _rest_api()["requestContext"]


def test_a_function_url_has_its_own_host() -> None:
    """Payload 2.0 with a different host than an HTTP API's, and only the default route."""
    event = _function_url()
    assert ("2.0", "$default") == (event["version"], event["routeKey"])
    assert ".lambda-url." in event["requestContext"]["domainName"]
    assert "content-type" in event["headers"]


def test_payload_1_of_a_rest_api() -> None:
    """Version 1.0: headers as sent, each also as a list, absent parts null."""
    event = _rest_api()
    context = event["requestContext"]
    assert ("POST", "/callout", "/callout") == (
        event["httpMethod"],
        event["path"],
        event["resource"],
    )
    assert HEADERS == event["headers"]
    assert {name: [value] for name, value in HEADERS.items()} == event["multiValueHeaders"]
    assert {None} == {
        event[name]
        for name in (
            "queryStringParameters",
            "multiValueQueryStringParameters",
            "pathParameters",
            "stageVariables",
        )
    }
    assert RECEIVED_AT_MS == context["requestTimeEpoch"]
    told = datetime.strptime(context["requestTime"], "%d/%b/%Y:%H:%M:%S %z")
    assert datetime.fromtimestamp(RECEIVED_AT_MS // 1000, UTC) == told
    assert ("POST", "/prod/callout") == (context["httpMethod"], context["path"])
    assert "version" not in event
    assert "timeEpoch" not in context
