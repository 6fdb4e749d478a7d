"""Signing keys, and tokens signed as Entra signs them."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Self

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

ALGORITHM: Final = "RS256"
"""The algorithm of Entra's access tokens."""

_BITS: Final = 2048
_EXPONENT: Final = 65537

Header = Mapping[str, Any]
Claims = Mapping[str, Any]


def base64url(raw: bytes) -> str:
    """Return `raw` in base64url without padding, as in JOSE (RFC 7515)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, and the public half that an issuer publishes."""

    private: RSAPrivateKey

    @classmethod
    def generate(cls) -> Self:
        """Return a new key."""
        return cls(generate_private_key(_EXPONENT, _BITS))

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Return the key in `pem`. Raises ``ValueError`` unless it is an RSA key of 2048 bits."""
        message = f"expected an RSA private key of {_BITS} bits in PEM, without a password"
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):  # TypeError: wants a password
            raise ValueError(message) from None
        if not isinstance(key, RSAPrivateKey) or key.key_size != _BITS:
            raise ValueError(message)
        return cls(key)

    def to_pem(self) -> bytes:
        """Return the private key, unencrypted, for a file that no other user can read."""
        return self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def public_pem(self) -> bytes:
        """The public key."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def kid(self) -> str:
        """Return the key's id: its thumbprint (RFC 7638), which changes only with the key."""
        n, e = self._numbers()
        canonical = f'{{"e":"{e}","kty":"RSA","n":"{n}"}}'
        return base64url(sha256(canonical.encode("ascii")).digest())

    def jwk(self) -> dict[str, str]:
        """Return the public key as a member of a key set."""
        n, e = self._numbers()
        return {"kty": "RSA", "use": "sig", "alg": ALGORITHM, "kid": self.kid, "n": n, "e": e}

    def _numbers(self) -> tuple[str, str]:
        public = self.private.public_key().public_numbers()
        return _base64url_number(public.n), _base64url_number(public.e)


def _base64url_number(number: int) -> str:
    return base64url(number.to_bytes((number.bit_length() + 7) // 8))


def mint(claims: Claims, key: SigningKey) -> str:
    """Return a token with `claims`, signed with `key`, whose id is in the header."""
    return sign(header_of(key), claims, key)


def header_of(key: SigningKey) -> dict[str, str]:
    """Return the header of Entra's tokens."""
    return {"typ": "JWT", "alg": ALGORITHM, "kid": key.kid}


def sign(header: Header, claims: Claims, key: SigningKey) -> str:
    """Return a token signed with `key` by RS256, even if `header` names another algorithm."""
    signing_input = unsigned(header, claims)
    signature = jwt.get_algorithm_by_name(ALGORITHM).sign(
        signing_input.encode("ascii"), key.private
    )
    return f"{signing_input}.{base64url(signature)}"


def unverified_claims(token: str) -> Claims | None:
    """Return the unverified claims of `token`, or ``None`` if it cannot be read."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    return claims


def unsigned(header: Header, claims: Claims) -> str:
    """The first two of a token's three parts: the input of its signature."""
    return ".".join(
        base64url(json.dumps(dict(part), separators=(",", ":")).encode("ascii"))
        for part in (header, claims)
    )
