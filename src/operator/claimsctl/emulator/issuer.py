"""The local issuer: what Entra publishes about a tenant's tokens, on this machine's loopback.

Discovery documents and key set have the paths that Entra's have below its host. ``issuer`` in them
is Entra's real one, since tokens are compared with it as in a deployment; only ``jwks_uri`` is
local. Sources: OpenID Connect Discovery 1.0; Microsoft's reference of the OpenID Connect protocol.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from claimsctl.entra.token_claims import TenantKind, TokenVersion, issuer_of
from claimsctl.entra.tokens import ALGORITHM, SigningKey

_PREFIX = {TokenVersion.V1: "", TokenVersion.V2: "v2.0/"}


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs the local tokens of a tenant."""

    tenant_id: str
    kind: TenantKind
    key: Callable[[], SigningKey]
    """The key that signs now; asked each time, so that a new one is published at once."""

    def discovery_path(self, version: TokenVersion) -> str:
        """Where the discovery document of a token version is."""
        return f"/{self.tenant_id}/{_PREFIX[version]}.well-known/openid-configuration"

    def keys_path(self, version: TokenVersion) -> str:
        """Where the key set of a token version is; the same keys under both."""
        return f"/{self.tenant_id}/discovery/{_PREFIX[version]}keys"

    def discovery(self, version: TokenVersion, base_url: str) -> dict[str, Any]:
        """The discovery document of a token version, published below `base_url`."""
        return {
            "issuer": issuer_of(self.tenant_id, self.kind, version),
            "jwks_uri": f"{base_url}{self.keys_path(version)}",
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "subject_types_supported": ["pairwise"],
        }

    def key_set(self) -> dict[str, Any]:
        """The keys whose signatures count, as a JSON Web Key Set.

        Raises `OperatorError` when the key cannot be had.
        """
        return {"keys": [self.key().jwk()]}

    def fetch_keys(self, keys_url: str) -> bytes:  # noqa: ARG002  # one key for all its issuers
        """What Entra's key server at `keys_url` would answer. Raises as `key_set` does."""
        return json.dumps(self.key_set()).encode()
