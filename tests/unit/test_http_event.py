"""Reading a gateway's event as an HTTP call."""

from base64 import b64encode
from typing import Any

import pytest
from claims_provider.contract.limits import BODY_BYTES_MAX
from claims_provider.errors import CalloutError, ErrorCode
from claims_provider.inbound.http_event import Envelope, check_method_and_size, read_http_event
from claimsctl.emulator.events import function_url_event, http_api_event, rest_api_event

HEADERS = {"Content-Type": "application/json"}


def _v2(body: bytes = b"{}", **claims: str) -> dict[str, Any]:
    return http_api_event(body, HEADERS, authorizer_claims=claims, received_at_ms=7)


def test_an_http_api_event_carries_what_its_authorizer_verified() -> None:
    """Claims of the HTTP API's JWT authorizer are the ones a caller is judged by."""
    call = read_http_event(_v2(azp="x"))
    assert (Envelope.HTTP_API, "POST", 7, {"azp": "x"}) == (
        call.envelope,
        call.method,
        call.received_at_ms,
        call.authorizer_claims,
    )


def test_a_function_url_carries_no_claims_even_if_it_says_so() -> None:
    """A Function URL has no JWT authorizer, so claims in its event are not believed."""
    event = function_url_event(b"{}", HEADERS, received_at_ms=7)
    event["requestContext"]["authorizer"] = {"jwt": {"claims": {"azp": "x"}}}
    call = read_http_event(event)
    assert (Envelope.FUNCTION_URL, None) == (call.envelope, call.authorizer_claims)


def test_a_rest_api_carries_no_claims_even_if_it_says_so() -> None:
    """A payload 1.0 event is not produced by a JWT authorizer, so claims in it are not believed."""
    event = rest_api_event(b"{}", HEADERS, received_at_ms=7)
    event["requestContext"]["authorizer"] = {
        "jwt": {"claims": {"azp": "x"}},
        "claims": {"azp": "x"},
    }
    call = read_http_event(event)
    assert (Envelope.REST_API, None, 7) == (
        call.envelope,
        call.authorizer_claims,
        call.received_at_ms,
    )


@pytest.mark.parametrize("build", [function_url_event, rest_api_event])
def test_header_names_are_read_in_any_case(build: Any) -> None:
    """Payload 2.0 sends header names in lower case, 1.0 as the caller wrote them."""
    call = read_http_event(build(b"{}", {"CONTENT-type": "a/b"}, received_at_ms=7))
    assert call.headers["content-type"] == "a/b"


@pytest.mark.parametrize(
    "event",
    [
        None, [], "", 1, {}, {"requestContext": None}, {"requestContext": {}},
        {"type": "x", "data": {}},
        {"version": "2.0", "requestContext": {}},
        {"httpMethod": "POST", "requestContext": {"elb": {}}},
        {"version": "1.0", "requestContext": {"http": {"method": "POST"}}}, {"Records": []},
    ],
)  # fmt: skip
def test_an_event_of_anything_else_is_refused(event: object) -> None:
    """An event of another type is refused with its code, without a crash."""
    with pytest.raises(CalloutError) as refusal:
        read_http_event(event)
    assert refusal.value.code is ErrorCode.ENVELOPE_UNKNOWN


@pytest.mark.parametrize("authorizer", [None, "x", [], {}, {"jwt": None}, {"jwt": {"claims": "x"}}])
def test_an_odd_authorizer_is_no_authorizer(authorizer: object) -> None:
    """Claims that are not where the JWT authorizer puts them are absent."""
    event = _v2()
    event["requestContext"]["authorizer"] = authorizer
    assert read_http_event(event).authorizer_claims is None


@pytest.mark.parametrize("stamp", [None, "7", 7.5, True])
def test_a_stamp_that_is_no_integer_is_absent(stamp: object) -> None:
    """A time stamp that cannot be read leaves the deadline to the handler's own clock."""
    event = _v2()
    event["requestContext"]["timeEpoch"] = stamp
    assert read_http_event(event).received_at_ms is None


def test_a_base64_body_is_decoded() -> None:
    """A body that the gateway sends in base64 is the same body."""
    event = _v2() | {"body": b64encode(b"\xff{}").decode(), "isBase64Encoded": True}
    assert read_http_event(event).body() == b"\xff{}"


@pytest.mark.parametrize("body", ["!", "abc", "a b c", "é"])
def test_what_is_no_base64_is_refused(body: str) -> None:
    """A body that is not valid base64 is refused with its code."""
    call = read_http_event(_v2() | {"body": body, "isBase64Encoded": True})
    with pytest.raises(CalloutError) as refusal:
        call.body()
    assert refusal.value.code is ErrorCode.BODY_NOT_BASE64


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", ""])
def test_only_post_is_a_callout(method: str) -> None:
    """Only POST is accepted; other methods are refused before decoding."""
    event = _v2()
    event["requestContext"]["http"]["method"] = method
    with pytest.raises(CalloutError) as refusal:
        check_method_and_size(read_http_event(event))
    assert refusal.value.code is ErrorCode.METHOD_NOT_ALLOWED


@pytest.mark.parametrize("encoded", [False, True], ids=["plain", "base64"])
@pytest.mark.parametrize("over", [0, 1, 2, 3])
@pytest.mark.parametrize("character", ["x", "é"])
def test_the_limit_counts_bytes(character: str, over: int, encoded: bool) -> None:  # noqa: FBT001
    """A body of exactly 64 KiB is read, one byte more is not, in whatever form it arrives."""
    body = (character * BODY_BYTES_MAX).encode()[:BODY_BYTES_MAX] + b"x" * over
    text = b64encode(body).decode() if encoded else body.decode()
    call = read_http_event(_v2() | {"body": text, "isBase64Encoded": encoded})
    if over:
        with pytest.raises(CalloutError) as refusal:
            check_method_and_size(call)
        assert refusal.value.code is ErrorCode.BODY_TOO_LARGE
    else:
        check_method_and_size(call)


@pytest.mark.parametrize("value", [-1, 2**53, 10**400, True, 1.5, "1800000000000", [], None])
@pytest.mark.parametrize("build", [http_api_event, rest_api_event])
def test_a_stamp_that_is_no_moment_is_none(build: Any, value: object) -> None:
    """An invalid time of arrival counts as unknown."""
    options = {"authorizer_claims": None} if build is http_api_event else {}
    event = build(b"{}", {}, received_at_ms=0, **options)
    name = "timeEpoch" if build is http_api_event else "requestTimeEpoch"
    event["requestContext"][name] = value
    assert read_http_event(event).received_at_ms is None


def test_odd_text_in_an_event_is_no_bug() -> None:
    """A host or method that is not text counts as absent."""
    deep: Any = []
    for _ in range(50_000):
        deep = [deep]
    event = http_api_event(b"{}", {}, authorizer_claims=None, received_at_ms=0)
    event["requestContext"]["domainName"] = deep
    event["requestContext"]["http"]["method"] = deep
    assert ("", Envelope.HTTP_API) == (
        (call := read_http_event(event)).method,
        call.envelope,
    )
