"""Wrong tokens by name: each is wrong in what its name says, and in nothing else."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import jwt
import pytest
from claimsctl.entra.invalid_tokens import FORGERIES, Wall, WrongToken, forge
from claimsctl.entra.token_claims import TokenProfile, TokenVersion
from claimsctl.entra.tokens import ALGORITHM, mint

from tests.tokens import GOOD_CLAIMS, NOW, PROFILE, issuer_key

GOOD_HEADER = {"typ": "JWT", "alg": "RS256", "kid": issuer_key().kid}
OTHER = "99999999-9999-9999-9999-999999999999"


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims = (json.loads(urlsafe_b64decode(f"{part}==")) for part in token.split(".")[:2])
    return header, claims


def _is_signed(token: str) -> bool:
    signing_input, _, signature = token.rpartition(".")
    public = issuer_key().private.public_key()
    raw = urlsafe_b64decode(f"{signature}==")
    return jwt.get_algorithm_by_name(ALGORITHM).verify(signing_input.encode(), public, raw)


def _changes(good: dict[str, Any], wrong: dict[str, Any]) -> dict[str, Any]:
    names = good.keys() | wrong.keys()
    return {n: wrong.get(n, "gone") for n in names if good.get(n, "gone") != wrong.get(n, "gone")}


SIGNED = {
    WrongToken.UNKNOWN_ALG: ({"alg": "RS257"}, {}),
    WrongToken.KID: ({"kid": "unknown"}, {}),
    WrongToken.NO_KID: ({"kid": "gone"}, {}),
    WrongToken.CRIT: ({"crit": ["x"]}, {}),
    WrongToken.ISS: ({}, {"iss": f"https://{OTHER}.ciamlogin.com/{OTHER}/v2.0"}),
    WrongToken.AUD: ({}, {"aud": OTHER}),
    WrongToken.EXPIRED: ({}, {"exp": NOW - 3600, "nbf": NOW - 7500, "iat": NOW - 7500}),
    WrongToken.NO_EXP: ({}, {"exp": "gone"}),
    WrongToken.EXP_TEXT: ({}, {"exp": str(NOW + 3600)}),
    WrongToken.NOT_YET_VALID: ({}, {"nbf": NOW + 6900, "exp": NOW + 10800}),
    WrongToken.ISSUED_LATER: ({}, {"iat": NOW + 6900, "exp": NOW + 10800}),
    WrongToken.NO_AUD: ({}, {"aud": "gone", "client_id": GOOD_CLAIMS["aud"]}),
    WrongToken.AUD_LIST: ({}, {"aud": [OTHER, GOOD_CLAIMS["aud"]]}),
    WrongToken.AZP: ({}, {"azp": "00001111-aaaa-2222-bbbb-3333cccc4444"}),
    WrongToken.NO_AZP: ({}, {"azp": "gone"}),
    WrongToken.VERSION: ({}, {"ver": "3.0"}),
    WrongToken.NO_VERSION: ({}, {"ver": "gone"}),
    WrongToken.TID: ({}, {"tid": OTHER}),
    WrongToken.NO_TID: ({}, {"tid": "gone"}),
}


@pytest.mark.parametrize("name", SIGNED)
def test_signed_but_wrong(name: WrongToken) -> None:
    """Rightly signed by the issuer; only what the name says is another."""
    token = forge(name, GOOD_CLAIMS, issuer_key())
    header, claims = _parts(token)
    assert SIGNED[name] == (_changes(GOOD_HEADER, header), _changes(GOOD_CLAIMS, claims))
    assert _is_signed(token)


@pytest.mark.parametrize(
    ("name", "header", "claims"),
    [
        (WrongToken.ALG_NONE, {"alg": "none"}, {}),
        (WrongToken.HS256, {"alg": "HS256"}, {}),
        (WrongToken.SIGNATURE, {}, {}),
        (WrongToken.PAYLOAD, {}, {"oid": OTHER}),
        (WrongToken.OTHER_KEY, {}, {}),
        (WrongToken.JKU_HEADER, {"jku": "https://keys.example.com/keys"}, {}),
    ],
)
def test_not_signed(name: WrongToken, header: dict[str, Any], claims: dict[str, Any]) -> None:
    """The issuer has not signed these, whatever their header says."""
    token = forge(name, GOOD_CLAIMS, issuer_key())
    wrong_header, wrong_claims = _parts(token)
    assert header == _changes(GOOD_HEADER, wrong_header)
    assert claims == _changes(GOOD_CLAIMS, wrong_claims)
    assert not _is_signed(token)


def test_one_bit_is_flipped() -> None:
    """The signature differs in one bit from the good token's."""
    wrong, good = (
        token.split(".")
        for token in (
            forge(WrongToken.SIGNATURE, GOOD_CLAIMS, issuer_key()),
            mint(GOOD_CLAIMS, issuer_key()),
        )
    )
    assert good[:2] == wrong[:2]
    bits = zip(*(urlsafe_b64decode(f"{parts[2]}==") for parts in (good, wrong)), strict=True)
    assert 1 == sum((one ^ other).bit_count() for one, other in bits)


def test_a_key_of_its_own_verifies_it() -> None:
    """Whoever trusts the header's key finds this one well signed: that is the trap."""
    token = forge(WrongToken.JWK_HEADER, GOOD_CLAIMS, issuer_key())
    header, _ = _parts(token)
    assert jwt.PyJWS().decode(token, jwt.PyJWK(header["jwk"]))
    assert issuer_key().kid == header["kid"] == header["jwk"]["kid"]
    assert not _is_signed(token)


def test_hmac_with_the_public_key() -> None:
    """Whoever takes the algorithm from the header and the PEM for a secret finds it well signed."""
    token = forge(WrongToken.HS256, GOOD_CLAIMS, issuer_key())
    signing_input, _, signature = token.rpartition(".")
    raw = urlsafe_b64decode(f"{signature}==")
    hs256 = jwt.get_algorithm_by_name("HS256")
    assert hs256.verify(signing_input.encode(), issuer_key().public_pem(), raw)


def test_two_parts() -> None:
    """A malformed one ends before its signature."""
    assert 1 == forge(WrongToken.MALFORMED, GOOD_CLAIMS, issuer_key()).count(".")


def test_an_id_token_is_of_a_user() -> None:
    """Right issuer, key, audience and times; no calling app, and a nonce."""
    token = forge(WrongToken.ID_TOKEN, GOOD_CLAIMS, issuer_key())
    _, claims = _parts(token)
    assert _is_signed(token)
    assert {"azp", "azpacr", "oid", "nonce", "sub"} == set(_changes(GOOD_CLAIMS, claims))
    assert not {"azp", "appid"} & set(claims)


@pytest.mark.parametrize("name", [WrongToken.AZP, WrongToken.NO_AZP])
def test_version_1_has_another_name_for_the_caller(name: WrongToken) -> None:
    """In a v1 token it is appid that is wrong."""
    good = TokenProfile(PROFILE.tenant_id, version=TokenVersion.V1).claims(NOW)
    _, claims = _parts(forge(name, good, issuer_key()))
    assert {"appid"} == set(_changes(good, claims))


def test_every_name_is_in_the_table() -> None:
    """A name without a forgery would be a choice that crashes."""
    assert list(WrongToken) == list(FORGERIES)
    assert set(Wall) == {forgery.refused_by for forgery in FORGERIES.values()}
