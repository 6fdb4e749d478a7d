"""A token from the tenant."""

import itertools
import json
import time
from collections.abc import Iterator
from urllib.parse import parse_qs

import httpx2
import pytest
from claimsctl.entra.credentials import client_credentials_token
from claimsctl.entra.token_claims import TenantKind, authority_of
from claimsctl.errors import ExitCode, OperatorError

from tests.endpoints import JSON, Endpoint, Reply, endpoint

TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
SECRET = "not-to-be-seen"


def _token(served: Endpoint) -> str:
    authority = served.url.removesuffix("/callout")
    return client_credentials_token(authority, "the-client", SECRET, "api://host/app")


def test_the_token_is_asked_for_as_documented() -> None:
    """Client credentials, for the endpoint's default scope."""
    reply = Reply(200, json.dumps({"access_token": "a.b.c"}).encode(), JSON)
    with endpoint(lambda _: reply) as served:
        assert "a.b.c" == _token(served)
    (request,) = served.received
    assert "/oauth2/v2.0/token" == request.path
    assert {
        "grant_type": ["client_credentials"],
        "client_id": ["the-client"],
        "client_secret": [SECRET],
        "scope": ["api://host/app/.default"],
    } == parse_qs(request.body.decode())


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (
            Reply(401, b'{"error_description": "AADSTS7000215: Invalid secret\\nTrace ID: 1"}'),
            "AADSTS7000215: Invalid secret",
        ),
        (Reply(500, b"<html>"), "status 500"),
        (Reply(200, b"[]"), "status 200"),
        (Reply(200, b'{"access_token": 1}'), "status 200"),
        (Reply(200, b"[" * 60_000), "status 200"),
        (Reply(302, b"", {"location": "http://127.0.0.1:1/"}), "status 302"),
    ],
)
def test_a_refusal_is_told_without_the_secret(reply: Reply, message: str) -> None:
    """The tenant's message is reported; the request's values are not."""
    with endpoint(lambda _: reply) as served, pytest.raises(OperatorError, match=message) as told:
        _token(served)
    assert SECRET not in str(told.value)
    assert ExitCode.NOT_FINE is told.value.exit_code


def test_of_an_answer_so_much_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong server cannot make the command wait or keep megabytes."""
    parts: list[int] = []
    iter_raw = httpx2.Response.iter_raw

    def counted(response: httpx2.Response) -> Iterator[bytes]:
        for part in iter_raw(response):
            parts.append(len(part))
            yield part

    monkeypatch.setattr(httpx2.Response, "iter_raw", counted)
    reply = Reply(200, b" " * 4_000_000)
    with endpoint(lambda _: reply) as served, pytest.raises(OperatorError, match="status 200"):
        _token(served)
    assert sum(parts[:-1]) <= 64 * 1024 < sum(parts)
    parts.clear()
    monkeypatch.setattr(time, "monotonic", itertools.count(0, 100).__next__)
    with endpoint(lambda _: reply) as served, pytest.raises(OperatorError, match="in time"):
        _token(served)
    assert 1 == len(parts)


def test_an_authority_that_cannot_be_reached_is_told() -> None:
    """A failed connection gives a message, not a traceback."""
    with pytest.raises(OperatorError, match=r"no token [(]ConnectError"):
        client_credentials_token("http://127.0.0.1:1", "c", SECRET, "api://host/app")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (TenantKind.EXTERNAL, f"https://{TENANT}.ciamlogin.com/{TENANT}"),
        (TenantKind.WORKFORCE, f"https://login.microsoftonline.com/{TENANT}"),
    ],
)
def test_a_tenant_gives_its_tokens_where_it_issues_them(kind: TenantKind, expected: str) -> None:
    """External tenants have their own host."""
    assert expected == authority_of(TENANT, kind)
