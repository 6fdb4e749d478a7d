"""Secrets planted in every possible place do not appear in any output of the tap."""

import json
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from claimsctl.cli.tap import lines
from claimsctl.judge.attempt import Cause, NoAnswer, Phase
from claimsctl.tap.masked_text import KNOWN_MAX, ProseMask
from claimsctl.tap.recording import Message, RecordedExchange
from claimsctl.tap.redaction import personal_values
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import tries
from tests.tap.test_redaction import everything, masked_and_judged, recorded_exchange

SURNAME = "O'Briensecret"
GIVEN_NAME = "Müllersecret"
ADDRESS = "casey.secret@contoso.example"
CLIENT = "203.0.113.77"
KEY = "k3ysecretk3ysecret"
CALLOUT = {
    "type": "microsoft.graph.authenticationEvent.tokenIssuanceStart",
    "data": {
        "authenticationContext": {
            "client": {"ip": CLIENT},
            "user": {
                "id": "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb",
                "displayName": f"{GIVEN_NAME} {SURNAME}",
                "givenName": GIVEN_NAME,
                "surname": SURNAME,
                "mail": ADDRESS,
            },
        }
    },
}
MARKS = ("secret", "casey", CLIENT, "briens", "llers", "k3y")
"""What of the secrets must not be seen, in any case."""


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _token(text: str, header: bytes = b'{"alg":"RS256"}') -> str:
    parts = (header, json.dumps({"upn": text, "name": text}).encode(), text.encode())
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper-case": str.upper,
    "json-escapes": lambda text: json.dumps(text)[1:-1].replace("'", r"\u0027"),
    "all-escaped": lambda text: "".join(f"\\u{ord(character):04X}" for character in text),
    "percent": quote,
    "all-percent": lambda text: "".join(f"%{octet:02x}" for octet in text.encode()),
    "html": lambda text: text.replace("'", "&#39;").replace("@", "&#x40;").replace("ü", "&#252;"),
    "base64": _base64,
    "base64-twice": lambda text: _base64(_base64(text)),
    "base64-of-utf-16": lambda text: b64encode(text.encode("utf-16-le")).decode(),
    "decomposed": lambda text: text.replace("ü", "u\u0308"),
    "curly": lambda text: text.replace("'", "\u2019"),
    "token": _token,
    "token-with-blanks": lambda text: _token(text, b'{\n  "alg": "RS256"}'),
    "token-in-base64": lambda text: _base64(_token(text)),
}
PERSONAL = (SURNAME, GIVEN_NAME, ADDRESS)
HEADERS = (
    "cookie", "x-functions-key", "x-custom", "authorization", "x-azure-socketip",
    "x-envoy-external-address", "x-ms-client-principal-name", "from", "x-amzn-oidc-data",
    "x-forwarded-for", "true-client-ip", "fastly-client-ip", "x-real-ip", "set-cookie", "etag",
)  # fmt: skip
URL_HEADERS = (
    "location", "content-location", "referer", "link", "refresh", "x-original-url",
    "x-waws-unencoded-url", "x-rewrite-url", "x-original-uri",
)  # fmt: skip
SHOWN_HEADERS = ("user-agent", "server", "www-authenticate", "via", "warning", "content-type")


def shown(exchange: RecordedExchange) -> str:
    """All outputs: the page, its downloads, saved files, the terminal; their base64 read."""
    result = masked_and_judged(exchange)
    terminal = "\n".join(line.plain for line in lines(result))
    bodies = bytes(result.exchange.request.body) + bytes(result.exchange.answer.body)
    return everything(result) + terminal + bodies.decode("utf-8", "replace")


def check(exchange: RecordedExchange) -> None:
    """No mark is in any output, in whatever case."""
    text = shown(exchange).casefold()
    for mark in MARKS:
        assert mark.casefold() not in text, mark
    for personal in (*PERSONAL, KEY):
        assert _base64(personal)[:16].casefold() not in text


def planted(**parts: Any) -> RecordedExchange:
    """An exchange whose service failed, with `parts` of the test's own."""
    exchange = recorded_exchange(
        parts.get("body", b"{}"),
        status=parts.get("status", 500),
        sent=json.dumps(CALLOUT).encode(),
        headers=parts.get("request_headers"),
    )
    exchange.target = parts.get("target", "/callout")
    exchange.answer.headers += tuple(parts.get("answer_headers", ()))
    if detail := parts.get("detail"):
        exchange.end(NoAnswer(Cause.PROTOCOL, Phase.SEND, detail))
    return exchange


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("secret", PERSONAL, ids=["surname", "given-name", "address"])
def test_who_the_user_is_is_nowhere(secret: str, spell: Callable[[str], str]) -> None:
    """In an error's JSON, its names, its text, a path, a header: in each spelling."""
    told = spell(secret)
    check(planted(body=f'{{"message": "no user {json.dumps(told)[1:-1]} here"}}'.encode()))
    check(planted(body=f'{{"message": "no user {told} here"}}'.encode()))
    check(planted(body=f'{{"{told}": 1}}'.encode()))
    check(planted(body=f"<p>no user {told} here</p>".encode()))
    check(planted(target=f"/users/{told}/claims"))
    check(planted(detail=f"cannot read {told}"))
    for name in SHOWN_HEADERS + URL_HEADERS:
        check(planted(request_headers={name: f"x {told} y"}, answer_headers=((name, told),)))


@pytest.mark.parametrize("name", URL_HEADERS)
@pytest.mark.parametrize(
    "url",
    [
        f"https://h.example/x?code={KEY}",
        f"/x?a=b&sig={KEY}#z",
        f"<https://h.example/x?sig={KEY}>; rel=next",
        f"5; url=https://h.example/x?{KEY}=1&c={KEY}",
        f"https://user:{KEY}@h.example/x",
        f"https://h.example/x#access_token={KEY}",
    ],
)
def test_a_key_in_a_url_is_masked(name: str, url: str) -> None:
    """Wherever a header has a URL, the values of its query are hidden, and who logs in by it."""
    url = url.replace(f"?{KEY}=1", "?a=1")
    check(planted(request_headers={name: url}, answer_headers=((name, url),)))


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_is_not_known_is_masked(name: str) -> None:
    """Only headers that are known to contain no secret are shown."""
    value = f"{KEY} {CLIENT} secret"
    check(planted(request_headers={name: value}, answer_headers=((name, value),)))


@pytest.mark.parametrize(
    "text",
    [
        f"Server=x;Password={KEY};User=y",
        f"AccountKey={KEY}==;EndpointSuffix=core",
        f"api_key={KEY}&grant_type=x",
        f'{{bad json "password": "{KEY}"',
        f"Authorization: Bearer {KEY}",
        f"authorization: basic {_base64(KEY)}",
        f"GET https://h.example/x?sig={KEY} failed",
        f"token {_token('secret')} refused",
        f"token {_token('secret', b' {}')} refused",
        f"connection to {CLIENT} refused",
    ],
)
def test_a_key_in_an_errors_text_is_masked(text: str) -> None:
    """Keys and tokens in a service's error message are masked."""
    for body in (text.encode(), json.dumps({"message": text}).encode()):
        check(planted(body=body))
    check(planted(detail=text))


def test_what_helps_is_shown() -> None:
    """Codes, names of fields, ids, descriptions of errors and harmless headers stay readable."""
    description = (
        'Bearer error="invalid_token", error_description="IDX10205: Issuer validation failed. '
        "Issuer: 'https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0'\""
    )
    body = b'{"code": "ExpiredToken", "message": "status code: 404, see C# docs?id 12"}'
    exchange = planted(
        body=body,
        target="/api/11112222-bbbb-3333-cccc-4444dddd5555/triggers/manual",
        answer_headers=(
            ("www-authenticate", description),
            ("www-authenticate", 'Bearer authorization_uri="https://login.example/common"'),
            ("server", "Kestrel"),
            ("x-amzn-errortype", "ForbiddenException"),
            ("x-ms-request-id", "westeurope:11112222-bbbb-3333-cccc-4444dddd5555"),
        ),
    )
    result = masked_and_judged(exchange).exchange
    assert exchange.answer == result.answer
    assert exchange.target == result.target


_PIECES = st.sampled_from(
    [*PERSONAL, KEY, CLIENT, _token("secret"), " ", "/", ".", "@", "?", "=", "&", "'", '"', "\\",
     "a", "%", "%4", "\\u00", "{", "}", "://", "Bearer ", "=="]
)  # fmt: skip


@given(
    before=st.lists(_PIECES, max_size=4).map("".join),
    after=st.lists(_PIECES, max_size=4).map("".join),
    secret=st.sampled_from([GIVEN_NAME, SURNAME, ADDRESS]),
)
@settings(max_examples=tries(400), deadline=None)
def test_nothing_around_a_name_hides_it(before: str, after: str, secret: str) -> None:
    """A known name is masked between any other characters."""
    mask = ProseMask([GIVEN_NAME, SURNAME, ADDRESS])
    assert secret.casefold() not in mask(f"{before} {secret} {after}").casefold()


@pytest.mark.parametrize(
    "piece",
    ["a", "a.", "a-", "eyJ-", "eyJ.", "@", "a@", "a@b.", "%", "%4", "%40", "\\", "\\u", "?", "?a=",
     "://", "://a@", "A/", "QUJD", "&", "&#", "password ", "bearer ", "=", "[", "{", '"', '{"a":',
     "[,", "ü", "\\u00fc"],
)  # fmt: skip
def test_masking_takes_no_longer_than_in_proportion(piece: str) -> None:
    """Eight times the text takes about eight times as long, not sixty-four."""

    def cost(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        best = float("inf")
        for _ in range(3):
            exchange = recorded_exchange(
                b'{"message": "' + text.encode() + b'"}', status=500, sent=text.encode()
            )
            exchange.answer = Message(
                (("server", text), ("x", text), ("location", text)), exchange.answer.body, 1
            )
            began = time.process_time()
            masked_and_judged(exchange)
            best = min(best, time.process_time() - began)
        return best

    small, large = cost(4_000), cost(32_000)
    assert large < 24 * small + 0.02


def test_a_callout_of_many_values_does_not_multiply_the_search() -> None:
    """Each text is searched for a limited number of names."""
    user = {f"f{number}": f"value-{number}" for number in range(5_000)}
    user |= {"displayName": " ".join(f"word{number}" for number in range(5_000))}
    user |= {"mail": ADDRESS, "surname": SURNAME}
    callout = {**CALLOUT, "data": {"authenticationContext": {"user": user}}}
    exchange = recorded_exchange(b"{}", status=500, sent=json.dumps(callout).encode())
    known = list(personal_values(exchange))
    assert {ADDRESS, SURNAME, user["displayName"]} <= set(known[:20])
    assert KNOWN_MAX == ProseMask(known).known
