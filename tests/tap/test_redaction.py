"""Values are masked everywhere, and the masked exchange gets the real one's verdict."""

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Any

import pytest
from claimsctl.entra.callout import SCENARIOS, body_of
from claimsctl.judge.attempt import Answer
from claimsctl.judge.finding import Verdict
from claimsctl.judge.judge import judge
from claimsctl.judge.saved_answer import read_saved_answer
from claimsctl.tap.exchanges import (
    ExchangeOutcome,
    ShownExchange,
    encode,
    exchange_document,
    mask_and_judge,
)
from claimsctl.tap.masked_text import CUT, ProseMask, mask_target, mask_token
from claimsctl.tap.page.view import details
from claimsctl.tap.recording import Message, RecordedExchange
from claimsctl.tap.redaction import mask_headers
from claimsctl.tap.upstream import parse_upstream
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import tries
from tests.judge.answers import ACTION, body_with_claims, body_with_data

SERVICE = parse_upstream("https://claims.example/")
WAIT_MS = 1000
NAMES = ("Jane", "Doe", "Müller", "casey@contoso.com", "Writer", "1970-05-06", "Geheimrat")


def recorded_exchange(
    body: bytes, *, status: int = 200, sent: bytes = b"", headers: dict[str, str] | None = None
) -> RecordedExchange:
    """A callout that was answered with `body`."""
    seen = RecordedExchange(1, method="POST", target="/callout?code=s3cr3t&x=1", status=status)
    sent = sent or json.dumps(body_of("member")).encode()
    seen.request = Message(tuple((headers or {}).items()))
    seen.request.add(sent)
    seen.answer = Message((("content-type", "application/json"),))
    seen.answer.add(body)
    seen.arrived = True
    seen.connected = seen.sent = seen.first_byte = seen.began
    seen.end()
    return seen


def masked_and_judged(seen: RecordedExchange) -> ShownExchange:
    """What is shown of it by default."""
    return mask_and_judge(seen, WAIT_MS, unmask=False)


def everything(shown: ShownExchange) -> str:
    """Everything that is shown: the page's details and the files."""
    document = details(shown, SERVICE, WAIT_MS)
    files = encode(exchange_document(shown, SERVICE)) + bytes(shown.exchange.request.body)
    return json.dumps(document, ensure_ascii=False) + files.decode()


def shape(verdict: Verdict) -> list[Any]:
    """What a verdict says, but for evidence."""
    findings = [(f.id, f.level, f.entra_code, f.place, f.title) for f in verdict.findings]
    return [findings, verdict.entra_code, verdict.claims_bytes, sorted(verdict.claims)]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_who_the_user_is_is_masked(scenario: str) -> None:
    """Only the user's id, type, age and language are shown, and no address."""
    callout = body_of(scenario)
    context = callout["data"]["authenticationContext"]
    seen = masked_and_judged(
        recorded_exchange(body_with_claims({}), sent=json.dumps(callout).encode())
    )
    text = everything(seen)
    personal = {
        value for name, value in context["user"].items()
        if name not in {"id", "userType", "createdDateTime", "preferredLanguage"}
    }  # fmt: skip
    personal |= {context.get("client", {}).get("ip", "nobody@nowhere.example")}
    for value in personal:
        assert value not in text
    for value in (
        context["user"]["id"],
        context.get("correlationId", ""),
        callout["data"]["tenantId"],
    ):
        assert value in text


def test_an_unknown_field_of_a_callout_is_masked() -> None:
    """Unknown values are masked, because other events contain what the user typed."""
    callout = body_of("member")
    callout["data"]["userSignUpInfo"] = {"attributes": {"city": {"value": "Geheimstadt"}}}
    callout["data"]["authenticationContext"]["user"]["shoeSize"] = 4711
    text = everything(
        masked_and_judged(recorded_exchange(b"{}", sent=json.dumps(callout).encode()))
    )
    assert "Geheimstadt" not in text
    assert "4711" not in text


BODIES = {
    "good": body_with_claims({"name": "Jane", "roles": ["Writer", "Müller"], "empty": ""}),
    "a-claim-called-type": body_with_claims({"type": "Geheimrat", "statusCode": "Jane"}),
    "wrong-types": body_with_claims(
        {"a": 1970, "b": True, "c": None, "d": {"e": "Jane"}, "f": -1.5}
    ),
    "preview": body_with_claims({"name": "Jane"}, "microsoft.graph.provideClaimsForToken"),
    "bare": json.dumps({"name": "Jane", "roles": ["Writer"]}).encode(),
    "wrapped": json.dumps(
        {"statusCode": 200, "body": body_with_claims({"name": "Jane"}).decode()}
    ).encode(),
    "json-of-json": json.dumps(body_with_claims({"name": "Jane"}).decode()).encode(),
    "cut-off": body_with_claims({"name": "Jane Geheimrat"})[:-12],
    "cut-off-in-a-list": body_with_claims({"name": ["Jane", "Geheimrat"]})[:-10],
    "single-quotes": b"{'data': {'claims': {'name': 'Jane'}}}",
    "no-quotes": b'{"data": {"claims": {name: Jane}}}',
    "escapes": body_with_claims({"n": 'M\u00fcller \U0001f600 \u4e2d \n " \\ x'}),
    "raw-unicode": json.dumps(
        {"data": {"actions": [{"@odata.type": ACTION, "claims": {"n": "Müller 😀 中"}}]}},
        ensure_ascii=False,
    ).encode(),
    "twice": b'{"data":{"actions":[{"claims":{"n":"Jane","n":"Doe"}}]}}',
    "too-large": body_with_claims({"n": "Jane" * 1000}),
    "byte-order-mark": b"\xef\xbb\xbf" + body_with_claims({"n": "Jane"}),
    "latin-1": b'{"data":{"claims":{"n":"Jane M\xfcller"}}}',
    "utf-16": json.dumps({"n": "Jane"}).encode("utf-16"),
    "gzip": b"\x1f\x8b\x08Jane",
    "text": b"Jane Doe",
    "number": b"4711",
    "empty": b"",
    "null": b"null",
    "list": b'["Jane"]',
    "no-claims": body_with_data({"n": "Jane"}),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_claim_values_are_masked_and_judged_all_the_same(body: bytes) -> None:
    """No value of any answer is shown; code, positions and sizes are those of the real one."""
    seen = recorded_exchange(body)
    shown = masked_and_judged(seen)
    text = everything(shown)
    for name in NAMES:
        assert name not in text.replace("M\\u00fcller", "Müller")
    expected = judge(Answer(200, seen.answer.headers, body, seen.total_ms), WAIT_MS)
    assert shown.verdict is not None
    assert shape(expected) == shape(shown.verdict)
    assert len(body) == len(shown.exchange.answer.body) or b'"body"' in body


@pytest.mark.parametrize("body", [b for n, b in BODIES.items() if n != "utf-16"])
def test_an_exported_exchange_is_judged_as_the_real_one(body: bytes) -> None:
    """The masked file has the same code at the same position."""
    shown = masked_and_judged(recorded_exchange(body))
    raw = encode(exchange_document(shown, SERVICE))
    again = judge(read_saved_answer(raw).answer, WAIT_MS)
    assert shown.verdict is not None
    assert shape(shown.verdict) == shape(again)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(claims=_JSON, ascii_only=st.booleans(), cut=st.integers(0, 30))
@settings(max_examples=tries(150), deadline=None)
def test_masking_changes_no_verdict(claims: Any, cut: int, *, ascii_only: bool) -> None:
    """A masked answer, whole or truncated, has the same code and size as the real one."""
    document = {"data": {"actions": [{"@odata.type": ACTION, "claims": claims}]}}
    body = json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "replace")
    body = body[: len(body) - cut]
    seen = recorded_exchange(body)
    expected = judge(Answer(200, seen.answer.headers, body, seen.total_ms), WAIT_MS)
    verdict = masked_and_judged(seen).verdict
    assert verdict is not None
    assert shape(expected) == shape(verdict)


def test_not_even_a_flag_is_shown() -> None:
    """Booleans become true, numbers keep their length, null and empty lists are unchanged."""
    claims: dict[str, Any] = {"a": False, "b": True, "c": -20.5e3, "d": None, "e": [], "f": 0}
    body = bytes(
        masked_and_judged(recorded_exchange(body_with_claims(claims))).exchange.answer.body
    )
    assert b'{"a": true , "b": true, "c": -11111.1, "d": null, "e": [], "f": 0}' in body


def test_an_error_is_readable_and_names_nobody() -> None:
    """A service's error message is shown without the user's data."""
    body = json.dumps(
        {"error": "no user Kim Lee-Casey, casey@contoso.com", "claims": {"a": "Jane"}}
    )
    callout = body_of("member")
    callout["data"]["authenticationContext"]["user"]["displayName"] = "Kim Lee-Casey"
    sent = json.dumps(callout).encode()
    text = everything(masked_and_judged(recorded_exchange(body.encode(), status=500, sent=sent)))
    assert "no user *" in text
    for name in ("Kim", "casey@contoso.com", "Jane"):
        assert name not in text
    text = everything(masked_and_judged(recorded_exchange(b"<h1>Bad gateway</h1>", status=502)))
    assert "<h1>Bad gateway</h1>" in text


def _token(payload: dict[str, Any]) -> str:
    parts = [{"alg": "RS256", "kid": "k"}, payload]
    encoded = [urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


def test_a_token_is_shown_without_signature_and_person() -> None:
    """The token's header and claims are shown decoded, without the user's identity."""
    token = _token(
        {"aud": "api://x", "name": "Jane Doe", "upn": "casey@contoso.com", "roles": ["R"]}
    )
    shown = masked_and_judged(
        recorded_exchange(b"{}", headers={"Authorization": f"Bearer {token}"})
    )
    document = details(shown, SERVICE, WAIT_MS)
    assert {"aud": "api://x", "name": "********", "upn": "*" * 17, "roles": ["R"]} == (
        document["token"]["claims"]
    )
    assert {"alg": "RS256", "kid": "k"} == document["token"]["header"]
    text = everything(shown)
    assert token.rpartition(".")[2] not in text
    assert CUT in text
    assert "*****" == mask_token("abcde")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Authorization", "Basic dXNlcjpwYXNz", "Basic ************"),
        ("authorization", "abc", "***"),
        ("authorization", "abc def", "*******"),
        ("Cookie", "a=b", "***"),
        ("set-cookie", "a=b", "***"),
        ("x-functions-key", "abc", "***"),
        ("Ocp-Apim-Subscription-Key", "abc", "***"),
        ("X-MS-CLIENT-PRINCIPAL", "abc", "***"),
        ("X-Forwarded-For", "1.2", "***"),
        ("CF-Connecting-IP", "1.2", "***"),
        ("x-azure-clientip", "1.2", "***"),
        ("forwarded", "for", "***"),
        ("x-forwarded-proto", "https", "https"),
        ("x-forwarded-host", "t.example", "t.example"),
        ("WWW-Authenticate", "Bearer", "Bearer"),
        ("location", "/x?code=abc#f", "/x?code=*****"),
        ("x-note", "casey@contoso.com", "*" * 17),
        ("content-type", "application/json", "application/json"),
    ],
)
def test_a_header_with_a_secret_is_masked(name: str, value: str, expected: str) -> None:
    """Header names are shown, and secrets and addresses in the values are masked."""
    assert ((name, expected),) == mask_headers(((name, value),), ProseMask())


def test_a_querys_values_are_masked() -> None:
    """Keys of functions are in URLs."""
    assert "/a/b?code=***&flag=**&****" == mask_target("/a/b?code=abc&flag=no&s3cr", ProseMask())
    assert "s3cr3t" not in everything(masked_and_judged(recorded_exchange(b"{}")))


def test_prose_without_persons() -> None:
    """Short values are not searched for, because they would match inside words."""
    assert "Li is ** and *****" == ProseMask(["Casey"])("Li is Li and Casey").replace(
        "is Li", "is **"
    )


def test_unmasked_is_whole() -> None:
    """With --unmask, everything is shown unchanged."""
    seen = recorded_exchange(BODIES["good"], headers={"Authorization": "Bearer abc.def.ghi"})
    shown = mask_and_judge(seen, WAIT_MS, unmask=True)
    text = everything(shown)
    for value in ("Jane", "Writer", "casey", "abc.def.ghi", "s3cr3t"):
        assert value in text
    assert ExchangeOutcome.ACCEPTED is shown.outcome
    assert seen == shown.exchange


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"method": "GET"}, "not a callout: the method is not POST"),
        ({"method": ""}, "the request is not HTTP/1; it was forwarded unread"),
        (
            {"request": Message(body=bytearray(b"{}"), body_bytes=2)},
            "not a Token Issuance Start callout",
        ),
        (
            {"request": Message(body=bytearray(b"{"), body_bytes=1)},
            "not a Token Issuance Start callout",
        ),
        (
            {"request": Message(body_bytes=300_000)},
            "not a callout: the request is larger than 262144 bytes",
        ),
        ({"answer": Message(body_bytes=300_000)}, "the answer is larger than 262144 bytes"),
    ],
)
def test_what_is_no_callout_is_not_judged(change: dict[str, Any], reason: str) -> None:
    """A request that is not a callout is listed with the reason for no verdict."""
    shown = masked_and_judged(replace(recorded_exchange(b"{}"), **change))
    assert (ExchangeOutcome.NOT_JUDGED, None) == (shown.outcome, shown.verdict)
    assert shown.reason.startswith(reason)


def test_a_late_answer_is_judged_for_who_has_left() -> None:
    """A caller that left after 300 ms did not see what came later, whatever the wait is."""
    seen = recorded_exchange(BODIES["good"])
    seen.left = seen.began + 0.3
    seen.ended = seen.began + 0.5
    verdict = masked_and_judged(seen).verdict
    assert verdict is not None
    assert 1003005 == verdict.entra_code
