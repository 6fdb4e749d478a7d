"""Valid and invalid gateway events that contain a callout."""

from base64 import b64encode
from dataclasses import replace
from typing import Any

from claimsctl.emulator.events import function_url_event, http_api_event, rest_api_event
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import TENANT_ID, authorizer_claims

from tools.sample_events.callouts import EventFile, pretty

RECEIVED_AT_MS = 1795508520000
HEADERS = {"Content-Type": "application/json; charset=utf-8"}


def gateway_files() -> list[EventFile]:
    """Return ``gateway/``: one callout in an event of every gateway."""
    body = pretty(body_of("member"))
    claims = authorizer_claims(TENANT_ID)
    v2 = http_api_event(body, HEADERS, authorizer_claims=claims, received_at_ms=RECEIVED_AT_MS)
    base64 = http_api_event(
        b"\xff", HEADERS, authorizer_claims=claims, received_at_ms=RECEIVED_AT_MS
    )
    base64["body"] = b64encode(body).decode("ascii")
    v1 = rest_api_event(body, HEADERS, received_at_ms=RECEIVED_AT_MS)
    url = function_url_event(body, HEADERS, received_at_ms=RECEIVED_AT_MS)
    refused = EventFile("", b"", 401, "caller-refused", "", status_open=200)
    return [
        EventFile(
            "gateway/http-api.json", pretty(v2), 200, None, "HTTP API, with the authorizer's claims"
        ),
        EventFile(
            "gateway/http-api-base64.json",
            pretty(base64),
            200,
            None,
            "HTTP API, with the body in base64",
        ),
        replace(
            refused,
            name="gateway/rest-api.json",
            content=pretty(v1),
            about="REST API (payload 1.0), without verified claims",
        ),
        replace(
            refused,
            name="gateway/function-url.json",
            content=pretty(url),
            about="Function URL, without verified claims",
        ),
    ]


def bad_gateway_files() -> list[EventFile]:
    """Return ``bad/gateway-…``: events that get no claims."""
    body = pretty(body_of("member"))

    def event(**claims: str) -> dict[str, Any]:
        return http_api_event(
            body,
            HEADERS,
            authorizer_claims=authorizer_claims(TENANT_ID) | claims,
            received_at_ms=RECEIVED_AT_MS,
        )

    no_authorizer = http_api_event(
        body, HEADERS, authorizer_claims=None, received_at_ms=RECEIVED_AT_MS
    )
    get = http_api_event(
        b"",
        {},
        authorizer_claims=authorizer_claims(TENANT_ID),
        received_at_ms=RECEIVED_AT_MS,
        method="GET",
    )
    text = event()
    text["headers"]["content-type"] = "text/plain"
    no_base64 = event()
    no_base64 |= {"isBase64Encoded": True, "body": "not base64!"}
    other = "99999999-9999-9999-9999-999999999999"
    refused = "caller-refused"
    return [
        _gateway(
            "no-authorizer", no_authorizer, 401, refused, "a route without an authorizer", 200
        ),
        _gateway(
            "another-caller", event(azp=other), 401, refused, "another app of the tenant", 200
        ),
        _gateway(
            "another-audience", event(aud=other), 401, refused, "a token for another API", 200
        ),
        _gateway("another-tenant", event(tid=other), 401, refused, "another tenant's token", 200),
        _gateway("get", get, 405, "method-not-allowed", "GET"),
        _gateway("text-plain", text, 415, "content-type-unsupported", "not sent as JSON"),
        _gateway(
            "not-base64",
            no_base64,
            400,
            "body-not-base64",
            "`isBase64Encoded` is set, but the body is not base64",
        ),
        _gateway(
            "unknown-envelope",
            {"requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:x"}}},
            400,
            "envelope-unknown",
            "an event from a load balancer",
        ),
    ]


def _gateway(
    name: str,
    event: dict[str, Any],
    status: int,
    code: str,
    about: str,
    status_open: int | None = None,
) -> EventFile:
    return EventFile(f"bad/gateway-{name}.json", pretty(event), status, code, about, status_open)
