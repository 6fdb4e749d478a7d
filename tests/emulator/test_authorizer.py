"""The model of the HTTP API's JWT authorizer: each documented check, and what is handed on."""

from typing import Any

import jwt
import pytest
from claimsctl.emulator.authorizer import JwtAuthorizer, Refusal
from claimsctl.emulator.issuer_keys import IssuerKeys
from claimsctl.entra.invalid_tokens import RefusedBy
from claimsctl.entra.tokens import ALGORITHM, SigningKey, base64url, header_of, mint, sign
from claimsctl.errors import OperatorError

from tests.invalid_tokens import ALL_INVALID_TOKENS
from tests.key_servers import key_set
from tests.tokens import GOOD_CLAIMS, NOW, PROFILE, issuer_key, other_key, part

URI = "api://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/app"
GUID = str(GOOD_CLAIMS["aud"])
AUDIENCES = frozenset({GUID, URI})
AUDIENCE = f"{GUID} or {URI}"
WHOLE = "a whole number of seconds"


pytestmark = pytest.mark.usefixtures("stopped_clock")


def _authorizer(*keys: SigningKey) -> JwtAuthorizer:
    published = key_set(*(keys or (issuer_key(),)))
    return JwtAuthorizer(PROFILE.issuer, AUDIENCES, IssuerKeys(lambda: published))


def _verdict(token: str | None) -> Any:
    return _authorizer().authorize(token)


def _of_claims(**changes: Any) -> Any:
    return _verdict(mint(GOOD_CLAIMS | changes, issuer_key()))


def _without(name: str, **changes: Any) -> Any:
    claims = {other: value for other, value in GOOD_CLAIMS.items() if other != name}
    return _verdict(mint(claims | changes, issuer_key()))


def _signed(signing_input: str) -> str:
    algorithm = jwt.get_algorithm_by_name(ALGORITHM)
    signature = algorithm.sign(signing_input.encode(), issuer_key().private)
    return f"{signing_input}.{base64url(signature)}"


def _told(refusal: Any) -> tuple[str, str | None, str | None, str | None]:
    assert isinstance(refusal, Refusal), refusal
    return refusal.reason.value, refusal.claim, refusal.expected, refusal.actual


def test_entras_token_is_let_through() -> None:
    """Its claims are handed on, each a string; numbers are their digits."""
    expected = {name: str(value) for name, value in GOOD_CLAIMS.items()}
    assert expected == _verdict(f"Bearer {mint(GOOD_CLAIMS, issuer_key())}")


@pytest.mark.parametrize("form", ["Bearer {}", "{}", "  Bearer {}", "Bearer   {} ", " {} "])
def test_where_the_token_stands(form: str) -> None:
    """The token alone, or after Bearer."""
    assert isinstance(_verdict(form.format(mint(GOOD_CLAIMS, issuer_key()))), dict)


@pytest.mark.parametrize("header", [None, "", " ", "Bearer", "Bearer ", " Bearer  "])
def test_no_token(header: str | None) -> None:
    """Told apart from a bad one: the challenge is the bare scheme."""
    refusal = _verdict(header)
    assert ("missing", None, None, None) == _told(refusal)
    assert "Bearer" == refusal.challenge


@pytest.mark.parametrize(
    "form",
    [
        "bearer {}", "BEARER {}", "Basic {}", "DPoP {}", "Bearer Bearer {}", "Bearer {},Bearer {}",
        "Bearer {} x", "{}=", "{}.", ".{}", "{}.x", "é{}", "Bearer {}\u2028", "Bearer\x00{}",
        "\xa0{}", "{}\x1c",
    ],
)  # fmt: skip
def test_what_is_no_token(form: str) -> None:
    """Another scheme, two tokens, anything before or after it: none of these is a JWT."""
    token = mint(GOOD_CLAIMS, issuer_key())
    assert "malformed" == _told(_verdict(form.format(token, token)))[0]


@pytest.mark.parametrize(
    "token",
    [
        "x", ".", "..", "a.b.c", "....", "A" * 10_000, ".".join("A" * 100),
        part({"alg": "RS256"}), part(b"\xff") + ".e30.AA", part([]) + ".e30.AA",
        part(b'{"alg":') + ".e30.AA", part(b"[" * 5000) + ".e30.AA",
        part({"alg": "RS256", "kid": 7}) + ".e30.AA",
        part({"alg": "RS256", "kid": ["x"]}) + ".e30.AA",
    ],
)  # fmt: skip
def test_what_is_no_jwt(token: str) -> None:
    """Nothing is decoded that is not three parts of base64url with an object in front."""
    assert "malformed" == _told(_verdict(token))[0]


@pytest.mark.parametrize("size", [10_241, 1_000_000])
def test_what_is_too_long_is_not_looked_at(size: int) -> None:
    """API Gateway takes no more than 10,240 bytes of headers."""
    expected = ("malformed", None, "at most 10240 characters", str(size))
    assert expected == _told(_verdict("A" * size))


@pytest.mark.parametrize(
    ("algorithm", "actual"),
    [
        ("none", "none"), ("None", "None"), ("", "text of 0 characters"), ("HS256", "HS256"),
        ("ES256", "ES256"), ("EdDSA", "EdDSA"), ("rs256", "rs256"),
        ("RS256 ", "text of 6 characters"), (None, "absent"), (256, "256"),
        (["RS256"], "a list of 1"), ({"RS256": 1}, "an object"),
    ],
)  # fmt: skip
def test_only_rsa(algorithm: Any, actual: str) -> None:
    """Any other algorithm is refused before a key is looked for."""
    header = header_of(issuer_key()) | {"alg": algorithm}
    refusal = _verdict(sign(header, GOOD_CLAIMS, issuer_key()))
    assert ("algorithm", "alg", "an RSA-based algorithm", actual) == _told(refusal)


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_a_key_is_used_with_its_own_algorithm(algorithm: str) -> None:
    """The header does not choose how a key that names its algorithm is used."""
    header = header_of(issuer_key()) | {"alg": algorithm}
    refusal = _verdict(sign(header, GOOD_CLAIMS, issuer_key()))
    assert ("algorithm", "alg", "RS256", algorithm) == _told(refusal)


def test_the_key_is_the_issuers() -> None:
    """Kid names one of its keys, and that key must have signed."""
    both = _authorizer(issuer_key(), other_key())
    for key in (issuer_key(), other_key()):
        assert isinstance(both.authorize(mint(GOOD_CLAIMS, key)), dict)
    swapped = sign(header_of(issuer_key()), GOOD_CLAIMS, other_key())
    assert ("signature", None, None, None) == _told(both.authorize(swapped))
    unknown = _told(_verdict(mint(GOOD_CLAIMS, other_key())))
    assert ("unknown-key", "kid", issuer_key().kid, other_key().kid) == unknown


@pytest.mark.parametrize("kid", ["", "x" * 65, "casey@contoso.com", "a.b.c", "../../key"])
def test_a_strange_kid_is_not_shown(kid: str) -> None:
    """The log shows only the length of a value that the sender chooses."""
    refusal = _told(
        _verdict(sign(header_of(issuer_key()) | {"kid": kid}, GOOD_CLAIMS, issuer_key()))
    )
    assert ("unknown-key", "kid", issuer_key().kid, f"text of {len(kid)} characters") == refusal


@pytest.mark.parametrize("signature", ["", "AA", "A" * 342, "A" * 5000])
def test_a_signature_of_any_length(signature: str) -> None:
    """None, short, long, all zero: not the issuer's."""
    good = mint(GOOD_CLAIMS, issuer_key()).rpartition(".")[0]
    assert "signature" == _told(_verdict(f"{good}.{signature}"))[0]


def test_keys_that_cannot_be_had() -> None:
    """Without keys, all callers are refused, and the log gives the reason."""

    def fetch() -> bytes:
        message = "gone"
        raise OperatorError(message)

    verdict = JwtAuthorizer(PROFILE.issuer, AUDIENCES, IssuerKeys(fetch)).authorize(
        mint(GOOD_CLAIMS, issuer_key())
    )
    assert ("keys-unavailable", None, "the issuer's key set", None) == _told(verdict)


@pytest.mark.parametrize(
    ("issuer", "actual"),
    [
        (PROFILE.issuer + "/", PROFILE.issuer + "/"),
        (PROFILE.issuer.upper(), "text of 100 characters"),
        ("https://login.microsoftonline.com/x/v2.0", "https://login.microsoftonline.com/x/v2.0"),
        ("https://x/casey@contoso.com", "text of 27 characters"),
        ("", "text of 0 characters"),
        (None, "absent"), (7, "7"), ([PROFILE.issuer], "a list of 1"), ({}, "an object"),
    ],
)  # fmt: skip
def test_one_issuer(issuer: Any, actual: str) -> None:
    """The issuer must be exactly the configured one."""
    assert ("issuer", "iss", PROFILE.issuer, actual) == _told(_of_claims(iss=issuer))


def test_no_issuer() -> None:
    """A token without an issuer is refused."""
    assert ("issuer", "iss", PROFILE.issuer, "absent") == _told(_without("iss"))


@pytest.mark.parametrize(
    ("audience", "handed_on"),
    [
        (GUID, GUID), (URI, URI), ([GUID], f"[{GUID}]"), (["x", URI], f"[x {URI}]"),
    ],
)  # fmt: skip
def test_audiences_that_are_ours(audience: Any, handed_on: str) -> None:
    """One of ours, alone or in a list, which the function gets in brackets."""
    assert handed_on == _of_claims(aud=audience)["aud"]


@pytest.mark.parametrize(
    ("audience", "actual"),
    [
        ("other", "other"), (GUID.upper(), GUID.upper()), (f"{URI}/", f"{URI}/"),
        ("Casey Jensen", "text of 12 characters"), ("", "text of 0 characters"),
        (f"[{GUID}]", "text of 38 characters"), (f"{GUID} x", "text of 38 characters"),
        ([], "a list of 0"), (["x"], "a list of 1"), ([GUID, 7], "a list of 2"),
        ([[GUID]], "a list of 1"), ({GUID: 1}, "an object"), (7, "7"), (7.5, "a number"),
        (10**30, "a number"), (None, "absent"), (True, "a boolean"),
    ],
)  # fmt: skip
def test_audiences_that_are_not_ours(audience: Any, actual: str) -> None:
    """Anything else, and client_id does not stand in for it."""
    refusal = _told(_of_claims(aud=audience, client_id=GUID))
    assert ("audience", "aud", AUDIENCE, actual) == refusal


def test_client_id_stands_in_for_an_absent_audience() -> None:
    """The authorizer accepts it, as AWS documents; the function refuses it."""
    assert GUID == _without("aud", client_id=GUID)["client_id"]
    for client_id, actual in (("other", "other"), ([GUID], "a list of 1"), (None, "absent")):
        refusal = _told(_without("aud", client_id=client_id))
        assert ("audience", "client_id", AUDIENCE, actual) == refusal


@pytest.mark.parametrize(
    ("claim", "value", "reason"),
    [
        ("exp", NOW, "expired"), ("exp", NOW - 1, "expired"), ("exp", 0, "expired"),
        ("nbf", NOW + 1, "not-yet-valid"), ("iat", NOW + 1, "not-yet-valid"),
    ],
)  # fmt: skip
def test_times_that_are_not_now(claim: str, value: int, reason: str) -> None:
    """Exp after now, nbf and iat not after: to the second, without leeway."""
    expected = f"after {NOW}" if claim == "exp" else f"at most {NOW}"
    assert (reason, claim, expected, str(value)) == _told(_of_claims(**{claim: value}))


@pytest.mark.parametrize(
    "changes", [{"exp": NOW + 1}, {"nbf": NOW, "iat": NOW}, {"exp": 2**53 - 1}]
)
def test_times_that_are_just_right(changes: dict[str, int]) -> None:
    """The last second counts, and so does the first."""
    assert isinstance(_of_claims(**changes), dict)


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    ("value", "actual"),
    [
        (str(NOW), str(NOW)), ("soon", "soon"), (NOW + 0.5, "a number"), (1e300, "a number"),
        (True, "a boolean"), (None, "absent"), ([NOW], "a list of 1"), ({}, "an object"),
        (-1, "-1"), (2**53, str(2**53)), (10**400, "a number"),
    ],
    ids=[
        "digits", "text", "fraction", "float", "true", "null", "list", "object", "negative",
        "inexact", "huge",
    ],
)  # fmt: skip
def test_times_that_are_none(claim: str, value: Any, actual: str) -> None:
    """A time is a whole number of seconds that any reader of JSON gets right."""
    assert ("malformed", claim, WHOLE, actual) == _told(_of_claims(**{claim: value}))


def test_which_times_must_be_there() -> None:
    """A token that never expires is refused; AWS's own identity service sends no nbf."""
    assert ("malformed", "exp", WHOLE, "absent") == _told(_without("exp"))
    for name in ("nbf", "iat"):
        assert name not in _without(name)


@pytest.mark.parametrize(
    "claims",
    [
        b"", b"[]", b"null", b'"claims"', b"7", b"{", b"\xff\xfe{}", b'{"exp":1e400}',
        b'{"x":-1e400}', b'{"x":NaN}', b'{"x":Infinity}', b"\xef\xbb\xbf{}",
        b'{"x":' + b"9" * 5000 + b"}", b"[" * 4000, b'{"x":' * 1200,
    ],
)  # fmt: skip
def test_claims_that_are_none(claims: bytes) -> None:
    """Even rightly signed: what is no JSON object says nothing."""
    signing_input = f"{part(header_of(issuer_key()))}.{part(claims)}"
    assert "malformed" == _told(_verdict(_signed(signing_input)))[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"), ("é ", "é "), (7, "7"), (-1, "-1"), (1.5, "1.5"),
        (True, "true"), (False, "false"), ([], "[]"), (["a"], "[a]"), (["a", "b"], "[a b]"),
        (["a b", "c"], "[a b c]"), ([1, True, ["x"]], "[1 true [x]]"),
        ({"a": ["b"]}, '{"a":["b"]}'),
    ],
)  # fmt: skip
def test_what_is_handed_on(value: Any, text: str) -> None:
    """All strings, lists in brackets, as API Gateway has them in its events."""
    assert text == _of_claims(x=value)["x"]


def test_null_is_left_out() -> None:
    """A null claim is omitted."""
    assert "x" not in _of_claims(x=None)


@pytest.mark.parametrize("depth", [1500, 3000])
def test_deep_claims_are_no_exception(depth: int) -> None:
    """How deep is too deep is the interpreter's to say; it is not an exception."""
    nested = b'{"exp":%d,"x":' % (NOW + 1) + b"[" * depth + b"]" * depth + b"}"
    assert isinstance(_verdict(_signed(f"{part(header_of(issuer_key()))}.{part(nested)}")), Refusal)


@pytest.mark.parametrize("name", ALL_INVALID_TOKENS)
def test_every_forgery(name: str) -> None:
    """Refused with the table's word, or let through to the function where the table says so."""
    verdict = _verdict(f"Bearer {ALL_INVALID_TOKENS[name].make(GOOD_CLAIMS, issuer_key())}")
    if ALL_INVALID_TOKENS[name].refused_by is RefusedBy.GATEWAY:
        assert ALL_INVALID_TOKENS[name].reason == _told(verdict)[0]
    else:
        assert isinstance(verdict, dict)
