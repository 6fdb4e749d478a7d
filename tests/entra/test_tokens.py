"""Signing keys, and tokens as Entra signs them, read by a library that is not ours."""

import json
from base64 import urlsafe_b64decode
from hashlib import sha256

import jwt
import pytest
from claimsctl.entra.tokens import SigningKey, mint, unverified_claims
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.tokens import GOOD_CLAIMS, issuer_key, other_key

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
PLAIN = serialization.NoEncryption()


def test_the_published_half_is_what_verifies() -> None:
    """kid, use, alg, n and e, no private number; a JOSE library makes the same public key of it."""
    jwk = issuer_key().jwk()
    assert {"kty", "use", "alg", "kid", "n", "e"} == set(jwk)
    assert ("RSA", "sig", "RS256", "AQAB") == (jwk["kty"], jwk["use"], jwk["alg"], jwk["e"])
    public = jwt.PyJWK(jwk).key
    assert issuer_key().private.public_key().public_numbers() == public.public_numbers()
    assert 2048 == public.key_size


def test_the_id_is_the_thumbprint() -> None:
    """RFC 7638: SHA-256 over the required members in order, so that it stays while the key does."""
    jwk = issuer_key().jwk()
    canonical = json.dumps({n: jwk[n] for n in ("e", "kty", "n")}, separators=(",", ":"))
    assert sha256(canonical.encode()).digest() == urlsafe_b64decode(jwk["kid"] + "=")
    assert issuer_key().kid == SigningKey.from_pem(issuer_key().to_pem()).kid
    assert issuer_key().kid != other_key().kid


def test_it_survives_a_file() -> None:
    """PEM and back is the same key."""
    again = SigningKey.from_pem(issuer_key().to_pem())
    assert issuer_key().private.private_numbers() == again.private.private_numbers()


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"\x00\xff",
        issuer_key().to_pem()[:-40],
        issuer_key().public_pem(),
        rsa.generate_private_key(65537, 1024).private_bytes(PEM, PKCS8, PLAIN),
        ec.generate_private_key(ec.SECP256R1()).private_bytes(PEM, PKCS8, PLAIN),
        issuer_key().private.private_bytes(
            PEM, PKCS8, serialization.BestAvailableEncryption(b"secret")
        ),
    ],
    ids=["empty", "bytes", "cut-off", "public", "short", "elliptic", "password"],
)
def test_anything_else_is_no_key(pem: bytes) -> None:
    """Only a bare RSA-2048 private key will do, and the message says so."""
    with pytest.raises(ValueError, match="expected an RSA private key of 2048 bits in PEM"):
        SigningKey.from_pem(pem)


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


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.W10.x"])
def test_a_token_that_cannot_be_read_has_no_claims(token: str) -> None:
    """There is nothing to show of it."""
    assert unverified_claims(token) is None


def test_claims_are_read_without_the_key() -> None:
    """The claims are read regardless of the signature."""
    assert GOOD_CLAIMS == unverified_claims(mint(GOOD_CLAIMS, other_key()))
