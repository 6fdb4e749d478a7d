"""The function in this process: configured as in Lambda, quiet on standard output."""

import json
import os
from typing import Any

import pytest
from claimsctl.claims_table.location import TableLocation
from claimsctl.emulator.events import (
    callout_in,
    http_api_event,
    is_envelope,
    played_event,
    read_json,
    tenant_of,
)
from claimsctl.emulator.function import local_function
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import SAMPLE_AUDIENCES, TENANT_ID
from claimsctl.errors import ExitCode, OperatorError

NOWHERE = TableLocation("claims", "http://127.0.0.1:1")
OTHER_TENANT = "bbbbcccc-1111-dddd-2222-eeee3333ffff"


def _envelope(body: bytes) -> dict[str, Any]:
    return http_api_event(body, {}, authorizer_claims=None, received_at_ms=0)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"requestContext": {}}, True),
        ({"requestContext": None}, True),
        (_envelope(b""), True),
        (body_of("member"), False),
        ({}, False),
        (["requestContext"], False),
        ("requestContext", False),
        (None, False),
    ],
)
def test_envelopes_are_told_from_bodies(document: object, *, expected: bool) -> None:
    """What has a request context is a gateway's event, all else is a callout's body."""
    assert expected is is_envelope(document)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1}', {"a": 1}),
        ('{"a": "é"}'.encode("utf-16"), {"a": "é"}),
        (b'"\\ud800"', "\ud800"),
        (b"", None),
        (b"{", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
    ],
    ids=["text", "base64", "surrogate", "empty", "cut-off", "bytes", "deep"],
)
def test_the_callout_in_an_event_is_found(body: bytes, expected: object) -> None:
    """The body is read from any event, including in base64, and may have any content."""
    assert expected == callout_in(_envelope(body))
    assert expected == callout_in(read_json(body))


@pytest.mark.parametrize(
    "event",
    [
        {"requestContext": None},
        {"requestContext": {}},
        {"requestContext": {}, "body": {"data": {}}},
        _envelope(b"") | {"isBase64Encoded": True, "body": "?"},
        _envelope(b"") | {"body": "\ud800"},
        _envelope(b"") | {"body": None},
    ],
)
def test_no_callout_in_an_event_is_no_error(event: dict[str, Any]) -> None:
    """The function reports an invalid event."""
    assert callout_in(event) is None


@pytest.mark.parametrize(
    ("body", "tenant"),
    [
        (body_of("member"), TENANT_ID),
        ({"data": {"tenantId": OTHER_TENANT.upper()}}, OTHER_TENANT),
        ({"data": {"tenantId": "contoso"}}, TENANT_ID),
        ({"data": {"tenantId": 7}}, TENANT_ID),
        ({"data": {}}, TENANT_ID),
        ({"data": [OTHER_TENANT]}, TENANT_ID),
        ([], TENANT_ID),
        (None, TENANT_ID),
    ],
)
def test_the_body_names_the_tenant(body: object, tenant: str) -> None:
    """The tenant that a body names counts; the samples' where it names none."""
    assert tenant == tenant_of(body)


def test_the_log_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is the command's report: the function's line is not in it."""
    with local_function(NOWHERE, TENANT_ID, {"CALLER_VERIFICATION": "none"}) as function:
        answer = function.invoke({"requestContext": {}})
    told = capsys.readouterr()
    assert (400, "") == (answer["statusCode"], told.out)
    assert "envelope-unknown" == json.loads(told.err)["outcome"]


def test_each_function_has_its_own_level_of_log(capsys: pytest.CaptureFixture[str]) -> None:
    """A silent function, such as the demo's, does not silence the next one."""
    for level, lines in (("CRITICAL", 0), ("", 1), ("critical", 0), ("INFO", 1)):
        overrides = {"CALLER_VERIFICATION": "none"}
        variables = {"POWERTOOLS_LOG_LEVEL": level} if level else {}
        with local_function(NOWHERE, TENANT_ID, overrides, environment=variables) as function:
            function.invoke({"requestContext": {}})
        assert (level, lines) == (level, capsys.readouterr().err.count("\n"))


def test_the_environment_is_put_back() -> None:
    """The function's configuration ends with it."""
    before = dict(os.environ)
    with local_function(NOWHERE, TENANT_ID, {"USER_KEYS": "mail"}):
        assert ("claims", "mail") == (os.environ["TABLE_NAME"], os.environ["USER_KEYS"])
    assert before == dict(os.environ)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        (
            "ENTRA_WAIT_MS",
            "50",
            "the function's settings are invalid: ENTRA_WAIT_MS: expected an integer",
        ),
        (
            "USER_KEYS",
            "phone",
            "the function's settings are invalid: USER_KEYS: expected 'id', 'mail' or",
        ),
        (
            "TOKEN_ISSUER",
            "http://x",
            "the function's settings are invalid: TOKEN_ISSUER: expected one of http",
        ),
        ("AWS_PROFILE", "nobody", "the function cannot start: The config profile (nobody) could "),
    ],
)
def test_what_makes_no_sense_is_told(
    variable: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that would stop the function in Lambda stops it here, with a message."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(OperatorError) as raised, local_function(NOWHERE, TENANT_ID, {}):
        pass
    assert message == str(raised.value)[: len(message)]
    assert ExitCode.USAGE is raised.value.exit_code


def test_a_played_event_is_entras(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body is played as through the HTTP API, with a token of Entra's for that tenant."""
    event = played_event(b"{}", OTHER_TENANT)
    claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
    assert OTHER_TENANT == claims["tid"]
    assert f"https://{OTHER_TENANT}.ciamlogin.com/{OTHER_TENANT}/v2.0" == claims["iss"]
    assert "application/json" == event["headers"]["content-type"]


@pytest.mark.parametrize("audience", SAMPLE_AUDIENCES)
def test_either_audience_is_the_functions(audience: str) -> None:
    """As in the template: the app id, and the identifier URI. Here the store is out of reach."""
    event = played_event(json.dumps(body_of("member")).encode(), TENANT_ID)
    event["requestContext"]["authorizer"]["jwt"]["claims"]["aud"] = audience
    with local_function(NOWHERE, TENANT_ID, {}) as function:
        assert 503 == function.invoke(event)["statusCode"]
