"""Invalid tokens by name: each is wrong in what its name says, and in nothing else."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import jwt
import pytest
from claimsctl.entra.invalid_tokens import (
    INVALID_TOKENS,
    InvalidToken,
    RefusedBy,
    make_invalid_token,
)
from claimsctl.entra.token_claims import TokenProfile, TokenVersion
from claimsctl.entra.tokens import ALGORITHM, mint

from tests.invalid_tokens import ALL_INVALID_TOKENS
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
    "unknown-alg": ({"alg": "RS257"}, {}),
    "kid": ({"kid": "unknown"}, {}),
    "no-kid": ({"kid": "gone"}, {}),
    "crit": ({"crit": ["x"]}, {}),
    "iss": ({}, {"iss": f"https://{OTHER}.ciamlogin.com/{OTHER}/v2.0"}),
    "aud": ({}, {"aud": OTHER}),
    "expired": ({}, {"exp": NOW - 3600, "nbf": NOW - 7500, "iat": NOW - 7500}),
    "no-exp": ({}, {"exp": "gone"}),
    "exp-text": ({}, {"exp": str(NOW + 3600)}),
    "not-yet-valid": ({}, {"nbf": NOW + 6900, "exp": NOW + 10800}),
    "issued-later": ({}, {"iat": NOW + 6900, "exp": NOW + 10800}),
    "no-aud": ({}, {"aud": "gone", "client_id": GOOD_CLAIMS["aud"]}),
    "aud-list": ({}, {"aud": [OTHER, GOOD_CLAIMS["aud"]]}),
    "azp": ({}, {"azp": "00001111-aaaa-2222-bbbb-3333cccc4444"}),
    "no-azp": ({}, {"azp": "gone"}),
    "version": ({}, {"ver": "3.0"}),
    "no-version": ({}, {"ver": "gone"}),
    "tid": ({}, {"tid": OTHER}),
    "no-tid": ({}, {"tid": "gone"}),
}


@pytest.mark.parametrize("name", SIGNED)
def test_signed_but_wrong(name: str) -> None:
    """The token is correctly signed by the issuer, with only the named fault."""
    token = ALL_INVALID_TOKENS[name].make(GOOD_CLAIMS, issuer_key())
    header, claims = _parts(token)
    assert SIGNED[name] == (_changes(GOOD_HEADER, header), _changes(GOOD_CLAIMS, claims))
    assert _is_signed(token)


@pytest.mark.parametrize(
    ("name", "header", "claims"),
    [
        ("alg-none", {"alg": "none"}, {}),
        ("hs256", {"alg": "HS256"}, {}),
        ("signature", {}, {}),
        ("payload", {}, {"oid": OTHER}),
        ("other-key", {}, {}),
        ("jku-header", {"jku": "https://keys.example.com/keys"}, {}),
    ],
)
def test_not_signed(name: str, header: dict[str, Any], claims: dict[str, Any]) -> None:
    """The issuer has not signed these, whatever their header says."""
    token = ALL_INVALID_TOKENS[name].make(GOOD_CLAIMS, issuer_key())
    wrong_header, wrong_claims = _parts(token)
    assert header == _changes(GOOD_HEADER, wrong_header)
    assert claims == _changes(GOOD_CLAIMS, wrong_claims)
    assert not _is_signed(token)


def test_one_bit_is_flipped() -> None:
    """The signature differs in one bit from the good token's."""
    wrong, good = (
        token.split(".")
        for token in (
            ALL_INVALID_TOKENS["signature"].make(GOOD_CLAIMS, issuer_key()),
            mint(GOOD_CLAIMS, issuer_key()),
        )
    )
    assert good[:2] == wrong[:2]
    bits = zip(*(urlsafe_b64decode(f"{parts[2]}==") for parts in (good, wrong)), strict=True)
    assert 1 == sum((one ^ other).bit_count() for one, other in bits)


def test_a_key_of_its_own_verifies_it() -> None:
    """A verifier that trusts the key in the header accepts this token."""
    token = ALL_INVALID_TOKENS["jwk-header"].make(GOOD_CLAIMS, issuer_key())
    header, _ = _parts(token)
    assert jwt.PyJWS().decode(token, jwt.PyJWK(header["jwk"]))
    assert issuer_key().kid == header["kid"] == header["jwk"]["kid"]
    assert not _is_signed(token)


def test_hmac_with_the_public_key() -> None:
    """A verifier that takes the algorithm from the header and the PEM as a secret accepts it."""
    token = ALL_INVALID_TOKENS["hs256"].make(GOOD_CLAIMS, issuer_key())
    signing_input, _, signature = token.rpartition(".")
    raw = urlsafe_b64decode(f"{signature}==")
    hs256 = jwt.get_algorithm_by_name("HS256")
    assert hs256.verify(signing_input.encode(), issuer_key().public_pem(), raw)


def test_two_parts() -> None:
    """A malformed one ends before its signature."""
    assert 1 == ALL_INVALID_TOKENS["malformed"].make(GOOD_CLAIMS, issuer_key()).count(".")


def test_an_id_token_is_of_a_user() -> None:
    """Right issuer, key, audience and times; no calling app, and a nonce."""
    token = ALL_INVALID_TOKENS["id-token"].make(GOOD_CLAIMS, issuer_key())
    _, claims = _parts(token)
    assert _is_signed(token)
    assert {"azp", "azpacr", "oid", "nonce", "sub"} == set(_changes(GOOD_CLAIMS, claims))
    assert not {"azp", "appid"} & set(claims)


@pytest.mark.parametrize("name", ["azp", "no-azp"])
def test_version_1_has_another_name_for_the_caller(name: str) -> None:
    """In a v1 token it is appid that is wrong."""
    good = TokenProfile(PROFILE.tenant_id, version=TokenVersion.V1).claims(NOW)
    _, claims = _parts(ALL_INVALID_TOKENS[name].make(good, issuer_key()))
    assert {"appid"} == set(_changes(good, claims))


def test_every_name_has_a_recipe() -> None:
    """A name without one would be a choice that crashes; gateway and function each refuse some."""
    assert list(InvalidToken) == list(INVALID_TOKENS)
    assert set(RefusedBy) == {recipe.refused_by for recipe in INVALID_TOKENS.values()}


@pytest.mark.parametrize("name", InvalidToken)
def test_each_is_made_by_its_name(name: InvalidToken) -> None:
    """What commands and checks make is what the recipe makes."""
    made = make_invalid_token(name, GOOD_CLAIMS, issuer_key())
    assert INVALID_TOKENS[name].make(GOOD_CLAIMS, issuer_key()) == made


def test_each_teaches_something_of_its_own() -> None:
    """A token that teaches what another one does is for the tests alone."""
    lessons = [recipe.teaches for recipe in INVALID_TOKENS.values()]
    assert len(lessons) == len({*lessons})
    assert all(lessons)
