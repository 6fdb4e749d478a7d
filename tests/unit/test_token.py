"""A bearer token in any envelope → who calls, or a refusal that names its reason in the log."""

import time
from dataclasses import replace
from typing import Any

import pytest
from claims_provider.contract.issuers import issuers_of
from claims_provider.deadline import Deadline
from claims_provider.errors import CallerRefused, KeysUnavailable, RefusalReason
from claims_provider.inbound.caller import Caller, CallerKind, ExpectedCaller
from claims_provider.inbound.http_event import read_http_event
from claims_provider.inbound.signing_keys import SigningKeys
from claims_provider.inbound.token import (
    SKEW_SECONDS,
    TOKEN_CHARACTERS_MAX,
    TokenVerifier,
    TrustedIssuer,
)
from claimsctl.emulator.events import function_url_event, http_api_event, rest_api_event
from claimsctl.entra.token_claims import (
    SAMPLE_AUDIENCES,
    TENANT_ID,
    TenantKind,
    TokenProfile,
    TokenVersion,
)
from claimsctl.entra.tokens import mint, sign

from tests.invalid_tokens import ALL_INVALID_TOKENS
from tests.key_servers import FakeKeyServer
from tests.measured import Measured
from tests.tokens import signing_key

OTHER_TENANT = "bbbbcccc-1111-dddd-2222-eeee3333ffff"
TESTER = "77777777-7777-7777-7777-777777777777"
KEY = signing_key(0)
GOOD = TokenProfile(TENANT_ID).claims(int(time.time()))


def _verifier(server: FakeKeyServer, *tenants: str, testers: frozenset[str] = frozenset()) -> Any:
    issuers = [issuer for tenant in tenants or (TENANT_ID,) for issuer in issuers_of(tenant)]
    return TokenVerifier(
        tuple(
            TrustedIssuer(
                ExpectedCaller(
                    issuer.tenant_id,
                    issuer.url,
                    frozenset(SAMPLE_AUDIENCES),
                    testers,
                    time.time() + 60,
                ),
                SigningKeys(issuer, server),
            )
            for issuer in issuers
        ),
        Deadline.after_ms(2000),
    )


@pytest.fixture(scope="module")
def verifier() -> TokenVerifier:
    """Knows every issuer of the samples' tenant, and one key."""
    made: TokenVerifier = _verifier(FakeKeyServer(KEY))
    return made


def _verify(verifier: TokenVerifier, authorization: str) -> Caller:
    event = function_url_event(b"{}", {"Authorization": authorization}, received_at_ms=0)
    return verifier.verify(read_http_event(event), Deadline.after_ms(2000))


def _refusal(verifier: TokenVerifier, authorization: str) -> CallerRefused:
    with pytest.raises(CallerRefused) as refusal:
        _verify(verifier, authorization)
    return refusal.value


@pytest.mark.parametrize("kind", list(TenantKind))
@pytest.mark.parametrize("version", list(TokenVersion))
def test_entra_gets_in(verifier: TokenVerifier, kind: TenantKind, version: TokenVersion) -> None:
    """Whatever kind of tenant and version of token: Entra's token gets in."""
    token = mint(TokenProfile(TENANT_ID, kind, version).claims(int(time.time())), KEY)
    assert Caller(TENANT_ID, CallerKind.ENTRA) == _verify(verifier, f"Bearer {token}")


@pytest.mark.parametrize("build", [function_url_event, rest_api_event, http_api_event])
@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
def test_every_envelope_will_do(verifier: TokenVerifier, build: Any, name: str) -> None:
    """The token is found in every envelope, whatever the case of the header's name."""
    options = {"authorizer_claims": None} if build is http_api_event else {}
    event = build(b"{}", {name: f"Bearer {mint(GOOD, KEY)}"}, received_at_ms=0, **options)
    caller = verifier.verify(read_http_event(event), Deadline.after_ms(2000))
    assert CallerKind.ENTRA is caller.kind


def test_several_tenants_are_kept_apart() -> None:
    """A token of one tenant speaks for that tenant only, though one key signs for all."""
    verifier = _verifier(FakeKeyServer(KEY), TENANT_ID, OTHER_TENANT)
    for tenant in (TENANT_ID, OTHER_TENANT):
        token = mint(TokenProfile(tenant).claims(int(time.time())), KEY)
        assert tenant == _verify(verifier, f"Bearer {token}").tenant_id
    crossed = mint(GOOD | {"tid": OTHER_TENANT}, KEY)
    assert RefusalReason.TENANT is _refusal(verifier, f"Bearer {crossed}").reason


@pytest.mark.parametrize("name", ALL_INVALID_TOKENS)
@pytest.mark.parametrize("version", list(TokenVersion))
def test_every_wrong_token_is_refused_by_its_reason(
    verifier: TokenVerifier, name: str, version: TokenVersion
) -> None:
    """Each token that must not pass is refused, and the log gets the reason that is its own."""
    claims = TokenProfile(TENANT_ID, version=version).claims(int(time.time()))
    expected = RefusalReason(ALL_INVALID_TOKENS[name].reason)
    assert (
        expected
        is _refusal(verifier, f"Bearer {ALL_INVALID_TOKENS[name].make(claims, KEY)}").reason
    )


def test_no_token_is_told_apart() -> None:
    """Without the header the reason is `missing`, whatever else the call says of itself."""
    headers = {"x-ms-client-principal": "e30=", "x-ms-token-aad-access-token": mint(GOOD, KEY)}
    event = function_url_event(b"{}", headers, received_at_ms=0)
    with pytest.raises(CallerRefused) as refusal:
        _verifier(FakeKeyServer(KEY)).verify(read_http_event(event), Deadline.after_ms(2000))
    assert RefusalReason.MISSING is refusal.value.reason


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
def test_the_scheme_has_no_case(verifier: TokenVerifier, scheme: str) -> None:
    """A scheme is the same one in any case (RFC 9110)."""
    caller = _verify(verifier, f"{scheme} {mint(GOOD, KEY)}")
    assert CallerKind.ENTRA is caller.kind


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic {0}", "{0}", "Bearer{0}", "Bearer\t{0}", "Bearer {0} {0}",
     "Bearer {0},Bearer {0}", "Bearer {0}\n", "Bearer {0}.{0}", "Bearer \u212a{0}", "Bearer {0}=",
     "Bearer ..", "Bearer a.b.c", "Bearer " + "a" * TOKEN_CHARACTERS_MAX + ".b.c"],
)  # fmt: skip
def test_what_is_no_bearer_token_is_malformed(verifier: TokenVerifier, authorization: str) -> None:
    """Anything but the scheme and one token is refused before it is looked into."""
    refusal = _refusal(verifier, authorization.format(mint(GOOD, KEY)))
    assert RefusalReason.MALFORMED is refusal.reason


@pytest.mark.parametrize("build", [rest_api_event, http_api_event])
@pytest.mark.parametrize("good_first", [True, False])
def test_two_headers_are_none(
    verifier: TokenVerifier,
    build: Any,
    good_first: bool,  # noqa: FBT001
) -> None:
    """Two Authorization headers are refused: another reader might look at the other one."""
    options = {"authorizer_claims": None} if build is http_api_event else {}
    tokens = [f"Bearer {mint(GOOD, KEY)}", "Bearer x.y.z"]
    first, second = tokens if good_first else reversed(tokens)
    event = build(b"{}", {"authorization": first}, received_at_ms=0, **options)
    if build is rest_api_event:
        event["multiValueHeaders"]["Authorization"] = [second]
    else:
        event["headers"]["Authorization"] = second
    with pytest.raises(CallerRefused) as refusal:
        verifier.verify(read_http_event(event), Deadline.after_ms(2000))
    assert RefusalReason.MALFORMED is refusal.value.reason


def test_a_token_longer_than_entras_is_malformed(verifier: TokenVerifier) -> None:
    """However good a token is, one much longer than any of Entra's is not looked into."""
    token = mint({**GOOD, "x": "x" * TOKEN_CHARACTERS_MAX}, KEY)
    assert RefusalReason.MALFORMED is _refusal(verifier, f"Bearer {token}").reason


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "value", [None, "1800000000", 1.8e9, float("inf"), float("nan"), True, -1, 2**60, [], {}]
)
def test_a_time_is_a_whole_number(verifier: TokenVerifier, name: str, value: object) -> None:
    """A time of another type is no time, though the issuer itself had signed it."""
    refusal = _refusal(verifier, f"Bearer {mint({**GOOD, name: value}, KEY)}")
    assert (RefusalReason.MALFORMED, name) == (refusal.reason, refusal.evidence["claim"])


@pytest.mark.parametrize(
    ("shift", "reason"),
    [
        ({"exp": -SKEW_SECONDS + 30}, None),
        ({"exp": -SKEW_SECONDS - 1}, RefusalReason.EXPIRED),
        ({"nbf": SKEW_SECONDS - 30}, None),
        ({"nbf": SKEW_SECONDS + 30}, RefusalReason.NOT_YET_VALID),
        ({"iat": SKEW_SECONDS + 30}, RefusalReason.NOT_YET_VALID),
    ],
)
def test_clocks_may_differ_by_five_minutes(
    verifier: TokenVerifier, shift: dict[str, int], reason: RefusalReason | None
) -> None:
    """A token is accepted five minutes early and late, and not a moment more."""
    now = int(time.time())
    token = mint(GOOD | {name: now + seconds for name, seconds in shift.items()}, KEY)
    if reason is None:
        assert CallerKind.ENTRA is _verify(verifier, f"Bearer {token}").kind
    else:
        assert reason is _refusal(verifier, f"Bearer {token}").reason


@pytest.mark.parametrize(
    "header",
    [{"b64": False, "crit": ["b64"]}, {"zip": "DEF", "crit": ["zip"]}, {"alg": "rs256"},
     {"alg": ["RS256"]}, {"alg": None}, {"kid": 7}, {"kid": ["x"]}, {"kid": ""}, {"kid": None}],
    ids=str,
)  # fmt: skip
def test_odd_headers_are_refused(verifier: TokenVerifier, header: dict[str, Any]) -> None:
    """A header that says anything unusual of algorithm, key or extensions lets nobody in."""
    usual = {"typ": "JWT", "alg": "RS256", "kid": KEY.kid}
    refusal = _refusal(verifier, f"Bearer {sign({**usual, **header}, GOOD, KEY)}")
    assert refusal.reason in {
        RefusalReason.MALFORMED,
        RefusalReason.ALGORITHM,
        RefusalReason.UNKNOWN_KEY,
    }


def test_a_refusal_quotes_no_token(verifier: TokenVerifier) -> None:
    """What goes to the log of a refused caller is claims that are no secret, and short."""
    for name in ALL_INVALID_TOKENS:
        token = ALL_INVALID_TOKENS[name].make(GOOD, KEY)
        evidence = str(_refusal(verifier, f"Bearer {token}").evidence)
        for part in token.split("."):
            assert not part or part not in evidence


def test_a_test_caller_gets_in_and_is_known() -> None:
    """A named test caller with a good token gets in as what it is."""
    verifier = _verifier(FakeKeyServer(KEY), testers=frozenset({TESTER}))
    token = mint(GOOD | {"azp": TESTER}, KEY)
    assert CallerKind.TEST is _verify(verifier, f"Bearer {token}").kind


def test_an_unknown_issuer_costs_no_fetch() -> None:
    """A token with an issuer other than the tenant's never causes a fetch."""
    server = FakeKeyServer(KEY)
    verifier = _verifier(server)
    asked = len(server.asked)
    for tenant in (OTHER_TENANT, "x"):
        token = mint(GOOD | {"iss": f"https://sts.windows.net/{tenant}/"}, KEY)
        assert RefusalReason.ISSUER is _refusal(verifier, f"Bearer {token}").reason
    assert asked == len(server.asked) == 3


def test_keys_are_loaded_at_cold_start() -> None:
    """The first callout finds the keys there, of all issuers, fetched at the same time."""
    server = FakeKeyServer(KEY)
    server.seconds = 0.3
    measured = Measured()
    verifier = _verifier(server)
    assert measured.own_ms() < 2 * server.seconds * 1000
    assert 3 == len(server.asked)
    assert CallerKind.ENTRA is _verify(verifier, f"Bearer {mint(GOOD, KEY)}").kind
    assert 3 == len(server.asked)


def test_without_keys_nobody_gets_in() -> None:
    """While no key can be had every token is turned away, with an error that is no refusal."""
    server = FakeKeyServer()
    server.fail()
    verifier = _verifier(server)
    with pytest.raises(KeysUnavailable):
        _verify(verifier, f"Bearer {mint(GOOD, KEY)}")


def test_old_keys_are_told_of() -> None:
    """A caller who was let in by a key that is long overdue is marked so."""
    verifier = _verifier(FakeKeyServer(KEY))
    caller = _verify(verifier, f"Bearer {mint(GOOD, KEY)}")
    assert not caller.has_stale_key
    issuer = verifier._issuers[str(GOOD["iss"])]
    issuer.keys.fetch = FakeKeyServer()
    issuer.keys._fetched_at = issuer.keys._tried_at = time.time() - 86_400
    assert replace(caller, has_stale_key=True) == _verify(verifier, f"Bearer {mint(GOOD, KEY)}")
