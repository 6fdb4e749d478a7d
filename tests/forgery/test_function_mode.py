"""Forged tokens against the function that verifies them itself."""

import json
import random
import time
from collections.abc import Mapping
from itertools import cycle
from typing import Any

import jwt
import pytest
from claims_provider.contract.issuers import issuers_of
from claims_provider.deadline import Deadline
from claims_provider.errors import CallerRefused
from claims_provider.handler import CalloutHandler
from claims_provider.inbound import token
from claims_provider.inbound.caller import Caller, CallerKind, ExpectedCaller
from claims_provider.inbound.http_event import read_http_event
from claims_provider.inbound.signing_keys import REFRESH_SECONDS, SigningKeys
from claims_provider.inbound.token import TokenVerifier, TrustedIssuer
from claimsctl.emulator.events import function_url_event, http_api_event, rest_api_event
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import (
    SAMPLE_AUDIENCES,
    TENANT_ID,
    TenantKind,
    TokenProfile,
    TokenVersion,
    authorizer_claims,
)
from claimsctl.entra.tokens import SigningKey, header_of, mint, sign

from tests.fakes import FakeDynamoDB, handler_over
from tests.forgery.conftest import Tally
from tests.forgery.corpus import SEED, TOKENS, forged_tokens, odd_headers
from tests.key_servers import Clock, FakeKeyServer
from tests.tokens import signing_key

KEY, NEXT_KEY = signing_key(0), signing_key(2)
BODY = json.dumps(body_of("member")).encode()
HEADERS = {"Content-Type": "application/json"}


def _handler(server: FakeKeyServer) -> CalloutHandler:
    return handler_over(
        FakeDynamoDB({}),
        server,
        CALLER_VERIFICATION="function",
        TOKEN_ISSUER="",
        TOKEN_AUDIENCES=",".join(SAMPLE_AUDIENCES),
    )


def _events(authorization: str) -> list[dict[str, Any]]:
    """The same call through every way in; those with an authorizer may claim what they want."""
    headers = HEADERS | {"Authorization": authorization}
    claims = authorizer_claims(TENANT_ID)
    rest = rest_api_event(BODY, headers, received_at_ms=0)
    rest["requestContext"]["authorizer"] = {"claims": claims, "jwt": {"claims": claims}, **claims}
    return [
        function_url_event(BODY, headers, received_at_ms=0),
        rest,
        http_api_event(BODY, headers, authorizer_claims=claims, received_at_ms=0),
    ]


def _good_token(number: int, key: SigningKey) -> str:
    kinds = [(kind, version) for kind in TenantKind for version in TokenVersion]
    kind, version = kinds[number % len(kinds)]
    return mint(TokenProfile(TENANT_ID, kind, version).claims(int(time.time())), key)


@pytest.mark.timeout(1800)
def test_function_mode(tally: Tally, capsys: pytest.CaptureFixture[str]) -> None:
    """Of thousands of forged tokens of every class none gets in, and every good one does."""
    handler = _handler(FakeKeyServer(KEY))
    ways = cycle(range(3))
    for number, forged in enumerate(forged_tokens(TOKENS, KEY, SEED)):
        event = _events(forged.authorization)[next(ways)]
        tally.count_forged(forged.kind, handler(event)["statusCode"])
        if number % 10 == 0:
            good = _events(f"Bearer {_good_token(number // 10, KEY)}")[next(ways)]
            tally.count_good(handler(good)["statusCode"])
            capsys.readouterr()
    tally.check()


def test_function_mode_by_header(tally: Tally) -> None:
    """A good token in a header that is none lets nobody in, whatever stands in front."""
    handler = _handler(FakeKeyServer(KEY))
    for forged in odd_headers(KEY):
        for event in _events(forged.authorization):
            tally.count_forged(forged.kind, handler(event)["statusCode"])
    for event in _events(f"Bearer {_good_token(0, KEY)}"):
        tally.count_good(handler(event)["statusCode"])
    tally.check()


@pytest.mark.parametrize("way", range(3), ids=["function-url", "rest-api", "http-api"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-MS-CLIENT-PRINCIPAL-ID": "99045fe1-7639-4a75-9d4a-577b6ca3810f"},
        {"X-MS-CLIENT-PRINCIPAL": "eyJhdXRoX3R5cCI6ImFhZCJ9"},
        {"X-MS-TOKEN-AAD-ACCESS-TOKEN": "TOKEN", "X-Forwarded-Authorization": "Bearer TOKEN"},
        {"Proxy-Authorization": "Bearer TOKEN", "X-Amzn-Oidc-Data": "TOKEN"},
        {"Cookie": "access_token=TOKEN"},
    ],
    ids=["nothing", "principal-id", "principal", "app-service-token", "proxy", "cookie"],
)
def test_nothing_but_the_one_header_counts(way: int, headers: Mapping[str, str]) -> None:
    """What an authorizer, App Service or a proxy is said to have verified is the caller's word."""
    good = _good_token(0, KEY)
    event = _events("")[way]
    del event["headers"]["authorization" if way != 1 else "Authorization"]
    for name, value in headers.items():
        text = value.replace("TOKEN", good)
        event["headers"][name if way == 1 else name.lower()] = text
        if way == 1:
            event["multiValueHeaders"][name] = [text]
    event.get("multiValueHeaders", {}).pop("Authorization", None)
    assert 401 == _handler(FakeKeyServer(KEY))(event)["statusCode"]


def _verifier(server: FakeKeyServer, clock: Clock) -> TokenVerifier:
    issuer = issuers_of(TENANT_ID)[0]
    expected = ExpectedCaller(TENANT_ID, issuer.url, frozenset(SAMPLE_AUDIENCES))
    keys = SigningKeys(issuer, server, clock)
    return TokenVerifier((TrustedIssuer(expected, keys),), Deadline.after_ms(2000))


def _status(verifier: TokenVerifier, bearer: str) -> int:
    headers = {"Authorization": f"Bearer {bearer}"}
    call = read_http_event(function_url_event(b"{}", headers, received_at_ms=0))
    try:
        caller = verifier.verify(call, Deadline.after_ms(2000))
    except CallerRefused:
        return 401
    return 200 if caller.kind is CallerKind.ENTRA else 500


def _made_up_key(chance: random.Random, good: Mapping[str, Any]) -> str:
    header = {**header_of(KEY), "kid": f"{chance.getrandbits(160):x}"}
    return sign(header, good, signing_key(1))


def test_a_flood_of_unknown_keys(tally: Tally) -> None:
    """Ten thousand made-up key ids within one cool-down cost one fetch, and no good caller."""
    server, clock, chance = FakeKeyServer(KEY), Clock(), random.Random(SEED)
    verifier = _verifier(server, clock)
    clock.now += 3000
    good = TokenProfile(TENANT_ID).claims(int(time.time()))
    for number in range(10_000):
        tally.count_forged("unknown key", _status(verifier, _made_up_key(chance, good)))
        if number % 100 == 0:
            tally.count_good(_status(verifier, mint(good, KEY)))
    tally.check()
    assert 2 == len(server.asked)


def test_a_rotation_in_the_middle_of_traffic(tally: Tally) -> None:
    """Keys change as Entra changes them, under a flood of made-up ones: no good token is refused.

    Entra publishes a key long before it signs with it, and goes on publishing the old one.
    """
    server, clock, chance = FakeKeyServer(KEY), Clock(), random.Random(SEED)
    verifier = _verifier(server, clock)
    good = TokenProfile(TENANT_ID).claims(int(time.time()))
    step = 30.0
    for number in range(2000):
        clock.now += step
        published = number * step
        if published > 4 * REFRESH_SECONDS:
            server.keys = (KEY, NEXT_KEY)
        if published > 12 * REFRESH_SECONDS:
            server.keys = (NEXT_KEY,)
        signs = KEY if published < 8 * REFRESH_SECONDS else NEXT_KEY
        tally.count_good(_status(verifier, mint(good, signs)))
        tally.count_forged("unknown key", _status(verifier, _made_up_key(chance, good)))
    tally.check()
    assert 401 == _status(verifier, mint(good, KEY))


def test_a_rotation_without_warning(tally: Tally) -> None:
    """A key that replaces another at once is fetched with the first token that names it."""
    server, clock = FakeKeyServer(KEY), Clock()
    verifier = _verifier(server, clock)
    good = TokenProfile(TENANT_ID).claims(int(time.time()))
    for number in range(20):
        clock.now += REFRESH_SECONDS / 2
        key = signing_key(number % 3)
        server.keys = (key,)
        tally.count_good(_status(verifier, mint(good, key)))
        tally.count_forged("withdrawn", _status(verifier, mint(good, signing_key(3))))
    tally.check()


@pytest.mark.parametrize(
    "hole", ["_check_types", "check_caller", "SKEW_SECONDS", "_verified_claims"]
)
def test_the_battery_finds_a_hole(
    hole: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Were one of the verifier's steps missing, some class of forged token would get in."""
    holes: dict[str, Any] = {
        "_check_types": lambda *_: None,
        "check_caller": lambda *_: Caller(TENANT_ID, CallerKind.ENTRA),
        "SKEW_SECONDS": 10**10,
        "_verified_claims": lambda token, *_: jwt.decode(
            token, options={"verify_signature": False}
        ),
    }
    monkeypatch.setattr(token, hole, holes[hole])
    handler, tally = _handler(FakeKeyServer(KEY)), Tally()
    for forged in forged_tokens(200, KEY, SEED):
        event = function_url_event(
            BODY, HEADERS | {"Authorization": forged.authorization}, received_at_ms=0
        )
        tally.count_forged(forged.kind, handler(event)["statusCode"])
    capsys.readouterr()
    assert tally.got_in
