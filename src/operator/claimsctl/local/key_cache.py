"""An issuer's keys as the gateway's authorizer has them: fetched, and then used for hours."""

from collections.abc import Callable, Mapping
from typing import Any

import jwt

KEYS_SECONDS = 2 * 60 * 60
"""API Gateway "can cache the public key for two hours" (developer guide, JWT authorizers)."""

KeySet = Mapping[str, Any]


class KeyCache:
    """Keys by their id, at most two hours old.

    The guide does not say whether an unknown id makes a real gateway fetch anew. Here it does not:
    whoever rotates keys must publish the new one two hours before signing with it.
    """

    def __init__(self, fetch: Callable[[], KeySet]) -> None:
        self._fetch = fetch
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None

    def keys(self, now: float) -> Mapping[str, jwt.PyJWK]:
        """The keys that count at `now` (epoch seconds). Raises what fetching them raises."""
        if self._fetched_at is None or not 0 <= now - self._fetched_at < KEYS_SECONDS:
            self._keys = _usable(self._fetch())
            self._fetched_at = now
        return self._keys


def _usable(key_set: KeySet) -> dict[str, jwt.PyJWK]:
    """The RSA keys for signatures; others are of no use to the authorizer."""
    return {
        jwk["kid"]: jwt.PyJWK(jwk)
        for jwk in key_set["keys"]
        if jwk["kty"] == "RSA" and jwk["use"] == "sig"
    }
