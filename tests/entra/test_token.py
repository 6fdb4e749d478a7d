"""Tokens as Entra signs them, read by a library that is not ours."""

import jwt
import pytest
from claimsctl.entra.tokens import mint

from tests.tokens import GOOD_CLAIMS, issuer_key, other_key


def test_a_library_finds_it_good() -> None:
    """Signed with the key that its header names; every claim comes out as it went in."""
    token = mint(GOOD_CLAIMS, issuer_key())
    assert {"typ": "JWT", "alg": "RS256", "kid": issuer_key().kid} == jwt.get_unverified_header(
        token
    )
    options: jwt.types.Options = {
        "verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False
    }  # fmt: skip
    key = jwt.PyJWK(issuer_key().jwk())
    assert GOOD_CLAIMS == jwt.decode(token, key, options=options)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, jwt.PyJWK(other_key().jwk()), options=options)


def test_any_claims_can_be_minted() -> None:
    """What a library would refuse to sign is what a wall must be tried with."""
    odd = {"iss": 7, "exp": "soon", "ä": None}
    assert odd == jwt.decode(mint(odd, issuer_key()), options={"verify_signature": False})
