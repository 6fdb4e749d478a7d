"""Keys and tokens for tests."""

import json
from functools import cache
from typing import Any

from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.entra.tokens import SigningKey, base64url

NOW = 1795510000
PROFILE = TokenProfile(TENANT_ID)
GOOD_CLAIMS = PROFILE.claims(NOW)


@cache
def signing_key(number: int) -> SigningKey:
    """The same key for the same number all through a run: making one takes a tenth of a second."""
    assert number >= 0
    return SigningKey.generate()


def issuer_key() -> SigningKey:
    """The issuer's key."""
    return signing_key(0)


def other_key() -> SigningKey:
    """A key that the issuer does not publish."""
    return signing_key(1)


def part(document: Any) -> str:
    """A part of a token: any JSON value, or bytes as they are."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return base64url(raw)
