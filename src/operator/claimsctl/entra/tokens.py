"""Claims and a key → the token that Entra would send."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self

import jwt
from claims_provider.contract.identifiers import AUTHENTICATION_EVENTS_APP_ID
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

SAMPLE_API_APP_ID = "11112222-bbbb-3333-cccc-4444dddd5555"
"""The endpoint's app registration in the samples: the audience of a v2 token."""
SAMPLE_API_HOST = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
"""Where the samples' HTTP API is. A placeholder."""
SAMPLE_IDENTIFIER_URI = f"api://{SAMPLE_API_HOST}/{SAMPLE_API_APP_ID}"
"""Its identifier URI: the audience of a v1 token."""
SAMPLE_AUDIENCES = (SAMPLE_API_APP_ID, SAMPLE_IDENTIFIER_URI)
"""What template.yaml lets through, in its order."""

_SAMPLE_OBJECT_ID = "ffff5555-aa66-7788-99bb-cccccc00dddd"
_SAMPLE_NOW = 1795508820
_BACKDATED_SECONDS = 300
"""Entra dates its tokens five minutes back, so that no clock finds them to be of the future."""
_LIFETIME_SECONDS = 3900


class TenantKind(StrEnum):
    """Which kind of tenant; decides who issues its v2 tokens. As TenantKind in template.yaml."""

    EXTERNAL = "external"
    WORKFORCE = "workforce"


class TokenVersion(StrEnum):
    """``requestedAccessTokenVersion`` of the endpoint's app registration."""

    V1 = "1"
    V2 = "2"


@dataclass(frozen=True, slots=True)
class TokenProfile:
    """Which tokens Entra sends to one endpoint."""

    tenant_id: str
    kind: TenantKind = TenantKind.EXTERNAL
    version: TokenVersion = TokenVersion.V2

    @property
    def issuer(self) -> str:
        """``iss`` of the tokens."""
        return issuer_of(self.tenant_id, self.kind, self.version)

    @property
    def audience(self) -> str:
        """``aud`` of the tokens: the app id in v2, the identifier URI in v1."""
        return SAMPLE_API_APP_ID if self.version is TokenVersion.V2 else SAMPLE_IDENTIFIER_URI

    def claims(self, now: int) -> dict[str, str | int]:
        """The claims of a token that Entra makes at `now` (epoch seconds)."""
        issued_at = now - _BACKDATED_SECONDS
        is_v2 = self.version is TokenVersion.V2
        return {
            "aud": self.audience,
            "iss": self.issuer,
            "iat": issued_at,
            "nbf": issued_at,
            "exp": issued_at + _LIFETIME_SECONDS,
            "azp" if is_v2 else "appid": AUTHENTICATION_EVENTS_APP_ID,
            "azpacr" if is_v2 else "appidacr": "2",
            "oid": _SAMPLE_OBJECT_ID,
            "sub": _SAMPLE_OBJECT_ID,
            "tid": self.tenant_id,
            "ver": "2.0" if is_v2 else "1.0",
        }


def issuer_of(
    tenant_id: str,
    kind: TenantKind = TenantKind.EXTERNAL,
    version: TokenVersion = TokenVersion.V2,
) -> str:
    """``iss`` of a tenant's tokens. In external tenants the GUID stands in the host too."""
    if version is TokenVersion.V1:
        return f"https://sts.windows.net/{tenant_id}/"
    if kind is TenantKind.WORKFORCE:
        return f"https://login.microsoftonline.com/{tenant_id}/v2.0"
    return f"https://{tenant_id}.ciamlogin.com/{tenant_id}/v2.0"


def authorizer_claims(tenant_id: str) -> dict[str, str]:
    """Claims of a v2 token of an external tenant; all strings, as the authorizer gives them."""
    claims = TokenProfile(tenant_id).claims(_SAMPLE_NOW)
    return {name: str(value) for name, value in claims.items()}


ALGORITHM = "RS256"
"""What Entra signs access tokens with."""

_BITS = 2048
_EXPONENT = 65537


def base64url(raw: bytes) -> str:
    """`raw` as JOSE writes bytes: base64url without padding (RFC 7515)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and what of it is published."""

    private: RSAPrivateKey

    @classmethod
    def generate(cls) -> Self:
        """A new key."""
        return cls(generate_private_key(_EXPONENT, _BITS))

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """The key in `pem`. Raises ``ValueError`` unless it is a bare RSA key of 2048 bits."""
        message = f"expected an RSA private key of {_BITS} bits in PEM, without a password"
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):  # TypeError: wants a password
            raise ValueError(message) from None
        if not isinstance(key, RSAPrivateKey) or key.key_size != _BITS:
            raise ValueError(message)
        return cls(key)

    def to_pem(self) -> bytes:
        """The private key, unencrypted: for a file that nobody else may read."""
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
        """The key's id: its thumbprint (RFC 7638), so that it stays while the key does."""
        n, e = self._numbers()
        canonical = f'{{"e":"{e}","kty":"RSA","n":"{n}"}}'
        return base64url(sha256(canonical.encode("ascii")).digest())

    def jwk(self) -> dict[str, str]:
        """The public key as a member of a key set."""
        n, e = self._numbers()
        return {"kty": "RSA", "use": "sig", "alg": ALGORITHM, "kid": self.kid, "n": n, "e": e}

    def _numbers(self) -> tuple[str, str]:
        public = self.private.public_key().public_numbers()
        return _base64url_number(public.n), _base64url_number(public.e)


def _base64url_number(number: int) -> str:
    return base64url(number.to_bytes((number.bit_length() + 7) // 8))


Header = Mapping[str, Any]
Claims = Mapping[str, Any]


def mint(claims: Claims, key: SigningKey) -> str:
    """A token that says `claims`, signed with `key` and naming it."""
    return sign(header_of(key), claims, key)


def header_of(key: SigningKey) -> dict[str, str]:
    """The header of Entra's tokens."""
    return {"typ": "JWT", "alg": ALGORITHM, "kid": key.kid}


def sign(header: Header, claims: Claims, key: SigningKey) -> str:
    """A token signed with `key` by RS256, whatever `header` says of it."""
    signing_input = unsigned(header, claims)
    signature = jwt.get_algorithm_by_name(ALGORITHM).sign(
        signing_input.encode("ascii"), key.private
    )
    return f"{signing_input}.{base64url(signature)}"


def said_by(token: str) -> Claims | None:
    """What a token says, unverified; ``None`` when it is none that can be read."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    return claims


def unsigned(header: Header, claims: Claims) -> str:
    """The first two of a token's three parts: what a signature is made of."""
    return ".".join(
        base64url(json.dumps(dict(part), separators=(",", ":")).encode("ascii"))
        for part in (header, claims)
    )
