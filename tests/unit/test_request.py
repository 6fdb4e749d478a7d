"""Reading the body's bytes as a callout, or refusing it clearly."""

import json
from typing import Any

import pytest
from claims_provider.contract.callout import Callout
from claims_provider.contract.limits import BODY_DEPTH_MAX
from claims_provider.errors import CalloutError, ErrorCode
from claims_provider.inbound.request import check_content_type, read_callout, read_document
from claimsctl.entra.callout import body_of


def _read(body: bytes) -> Callout:
    return read_callout(read_document(body))


def _refusal(body: bytes | dict[str, Any]) -> CalloutError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(CalloutError) as refusal:
        _read(raw)
    return refusal.value


def _with(path: str, value: object) -> dict[str, Any]:
    document = body_of("member")
    *parents, last = path.split("/")
    place: Any = document
    for name in parents:
        place = place[name]
    place[last] = value
    return document


USER = "data/authenticationContext/user"
CLIENT = "data/authenticationContext/clientServicePrincipal"


@pytest.mark.parametrize("scenario", ["member", "local-account", "social-account", "guest", "saml"])
def test_every_variant_is_read(scenario: str) -> None:
    """The callout of every kind of user is read."""
    body = body_of(scenario)
    user = body["data"]["authenticationContext"]["user"]
    read = _read(json.dumps(body).encode()).user
    assert (user["id"], user.get("mail"), user.get("userPrincipalName")) == (
        read.id,
        read.mail,
        read.user_principal_name,
    )


@pytest.mark.parametrize(
    "path",
    [f"{USER}/displayName", f"{USER}/surname", "source", "data/authenticationContext/client",
     "data/authenticationContext/protocol", "data/authenticationEventListenerId",
     f"{CLIENT}/displayName"],
)  # fmt: skip
@pytest.mark.parametrize("value", [None, 7, True, [], {"new": {"shape": []}}, "x"])
def test_a_field_nobody_reads_may_hold_anything(path: str, value: object) -> None:
    """Any value in a field that is never read is accepted."""
    assert _read(json.dumps(_with(path, value)).encode()).user.id


def test_guids_are_read_in_any_case() -> None:
    """Ids are compared regardless of case."""
    loud = json.dumps(_with(f"{USER}/id", "AAAAAAAA-0000-1111-2222-BBBBBBBBBBBB"))
    assert _read(loud.encode()).user.id == "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"


@pytest.mark.parametrize("value", [7, "", "x\n", "{}", [], {"a": 1}, "\ud800"])
def test_an_odd_correlation_id_is_dropped(value: object) -> None:
    """A correlation id that is not a GUID is dropped, and the callout is accepted."""
    body = _with("data/authenticationContext/correlationId", value)
    assert _read(json.dumps(body).encode()).correlation_id is None


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("data/tenantId", "contoso.onmicrosoft.com", ErrorCode.FIELD_MALFORMED),
        ("data/tenantId", None, ErrorCode.FIELD_MALFORMED),
        (f"{USER}/id", "", ErrorCode.FIELD_MALFORMED),
        (f"{USER}/id", 7, ErrorCode.FIELD_MALFORMED),
        (f"{USER}/mail", ["a@b"], ErrorCode.FIELD_MALFORMED),
        (f"{CLIENT}/appId", "my app", ErrorCode.FIELD_MALFORMED),
        (CLIENT, "my app", ErrorCode.FIELD_MALFORMED),
        (USER, None, ErrorCode.FIELD_MALFORMED),
        ("data/authenticationContext", [], ErrorCode.FIELD_MALFORMED),
        ("data", "x", ErrorCode.FIELD_MALFORMED),
        ("data/@odata.type", "microsoft.graph.ontokenissuancestartcalloutdata",
         ErrorCode.DATA_TYPE_UNSUPPORTED),
        ("type", "microsoft.graph.authenticationEvent.otpSend", ErrorCode.EVENT_TYPE_UNSUPPORTED),
        ("type", None, ErrorCode.EVENT_TYPE_UNSUPPORTED),
        ("type", 7, ErrorCode.EVENT_TYPE_UNSUPPORTED),
    ],
)  # fmt: skip
def test_what_is_relied_on_is_checked(path: str, value: object, code: ErrorCode) -> None:
    """A field that keys are made of, or that says what this is, is refused when it is malformed."""
    refusal = _refusal(_with(path, value))
    assert code is refusal.code
    assert path.replace("/", ".") == refusal.field


def test_a_missing_field_is_named() -> None:
    """A refusal names the field that is missing, by its path."""
    body = body_of("member")
    del body["data"]["authenticationContext"]["user"]["id"]
    refusal = _refusal(body)
    assert (ErrorCode.FIELD_MISSING, "data.authenticationContext.user.id") == (
        refusal.code,
        refusal.field,
    )


def test_a_refusal_never_quotes_a_value() -> None:
    """A refusal is part of the answer, so it does not contain request data."""
    assert "secret-value" not in str(_refusal(_with(f"{USER}/id", "secret-value")))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", ErrorCode.BODY_EMPTY),
        (b" \r\n\t", ErrorCode.BODY_EMPTY),
        (b"\xff\xfe{}", ErrorCode.BODY_NOT_UTF8),
        (b'{"type": "\xed\xa0\x80"}', ErrorCode.BODY_NOT_UTF8),
        (b"\xef\xbb\xbf{}", ErrorCode.BODY_NOT_JSON),
        (b"{", ErrorCode.BODY_NOT_JSON),
        (b"{}{}", ErrorCode.BODY_NOT_JSON),
        (b"{'type': 1}", ErrorCode.BODY_NOT_JSON),
        (b'{"a": Infinity}', ErrorCode.BODY_NOT_JSON),
        (b'{"a": ' + b"9" * 5000 + b"}", ErrorCode.BODY_NOT_JSON),
        (b"null", ErrorCode.BODY_NOT_OBJECT),
        (b'"{}"', ErrorCode.BODY_NOT_OBJECT),
        (b"[]", ErrorCode.BODY_NOT_OBJECT),
        (b'{"type": 1, "type": 1}', ErrorCode.BODY_DUPLICATE_KEY),
        (b'{"data": {"user": 1, "us\\u0065r": 2}}', ErrorCode.BODY_DUPLICATE_KEY),
        (b"[" * 30_000 + b"]" * 30_000, ErrorCode.BODY_TOO_DEEP),
        (b'{"a":' * 9_000 + b"1" + b"}" * 9_000, ErrorCode.BODY_TOO_DEEP),
        (b"[" * 60_000, ErrorCode.BODY_TOO_DEEP),
    ],
)
def test_a_body_that_cannot_be_a_callout_is_refused_by_its_code(
    body: bytes, code: ErrorCode
) -> None:
    """Every fault of a body has its own code."""
    assert code is _refusal(body).code


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_the_depth_limit_is_exact(opening: str) -> None:
    """Nesting up to the limit is read whatever else the body holds, one level more is refused."""
    closing = "]" if opening == "[" else "}"
    # The body itself is the first level; what is nested in it makes the others.
    deepest = BODY_DEPTH_MAX - 1
    for levels, refused in ((deepest, False), (deepest + 1, True)):
        nested = opening * levels + "1" + closing * levels
        body = json.dumps(body_of("member"))[:-1] + f', "wide": [{"[]," * 40}[]], "x": {nested}}}'
        if refused:
            assert _refusal(body.encode()).code is ErrorCode.BODY_TOO_DEEP
        else:
            assert _read(body.encode()).user.id


@pytest.mark.parametrize(
    "content_type",
    [None, "application/json", "Application/JSON; charset=utf-8", "application/json;"],
)
def test_json_is_taken(content_type: str | None) -> None:
    """JSON is taken with any parameters, and so is a request that does not say what it is."""
    check_content_type(content_type)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/jsonp", "text/json"])
def test_anything_but_json_is_refused(content_type: str) -> None:
    """A request that says it is something else is not a callout."""
    with pytest.raises(CalloutError) as refusal:
        check_content_type(content_type)
    assert refusal.value.code is ErrorCode.CONTENT_TYPE_UNSUPPORTED
