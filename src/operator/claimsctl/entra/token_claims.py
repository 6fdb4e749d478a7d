"""The claims of Entra's tokens by tenant and version, and the ids in the samples.

This module imports neither cryptography nor a JWT library: `claimsctl.entra.tokens` signs.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from claims_provider.contract.identifiers import AUTHENTICATION_EVENTS_APP_ID

TENANT_ID: Final = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
"""The samples' tenant."""
CLIENT_APP_ID: Final = "00001111-aaaa-2222-bbbb-3333cccc4444"
"""The app that the samples' users sign in to."""
RESOURCE_APP_ID: Final = "22223333-cccc-4444-dddd-5555eeee6666"
"""The API that the samples' app calls."""
SAMPLE_API_APP_ID: Final = "11112222-bbbb-3333-cccc-4444dddd5555"
"""The endpoint's app registration in the samples: the audience of a v2 token."""
SAMPLE_API_HOST: Final = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
"""The host of the samples' HTTP API. A placeholder."""
SAMPLE_IDENTIFIER_URI: Final = f"api://{SAMPLE_API_HOST}/{SAMPLE_API_APP_ID}"
"""Its identifier URI: the audience of a v1 token."""
SAMPLE_AUDIENCES: Final = (SAMPLE_API_APP_ID, SAMPLE_IDENTIFIER_URI)
"""The audiences that template.yaml accepts, in its order."""

_SAMPLE_OBJECT_ID: Final = "ffff5555-aa66-7788-99bb-cccccc00dddd"
_SAMPLE_NOW: Final = 1795508820
_BACKDATED_SECONDS: Final = 300
"""Entra dates its tokens five minutes back, so that slow clocks do not see them in the future."""
_LIFETIME_SECONDS: Final = 3900


class TenantKind(StrEnum):
    """The kind of tenant, which determines its v2 issuer; TenantKind in template.yaml."""

    EXTERNAL = "external"
    WORKFORCE = "workforce"


class TokenVersion(StrEnum):
    """``requestedAccessTokenVersion`` of the endpoint's app registration."""

    V1 = "1"
    V2 = "2"


@dataclass(frozen=True, slots=True)
class TokenProfile:
    """The tokens that Entra sends to one endpoint."""

    tenant_id: str
    kind: TenantKind = TenantKind.EXTERNAL
    version: TokenVersion = TokenVersion.V2

    @property
    def issuer(self) -> str:
        """Return the tokens' ``iss``."""
        return issuer_of(self.tenant_id, self.kind, self.version)

    @property
    def audience(self) -> str:
        """Return the tokens' ``aud``: the app id in v2, the identifier URI in v1."""
        return SAMPLE_API_APP_ID if self.version is TokenVersion.V2 else SAMPLE_IDENTIFIER_URI

    def claims(self, now: int) -> dict[str, str | int]:
        """Return the claims of a token that Entra issues at `now` (epoch seconds)."""
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
    """Return the ``iss`` of a tenant's tokens. In external tenants the host contains the GUID."""
    if version is TokenVersion.V1:
        return f"https://sts.windows.net/{tenant_id}/"
    if kind is TenantKind.WORKFORCE:
        return f"https://login.microsoftonline.com/{tenant_id}/v2.0"
    return f"https://{tenant_id}.ciamlogin.com/{tenant_id}/v2.0"


def authorizer_claims(tenant_id: str) -> dict[str, str]:
    """Return an external tenant's v2 claims, all strings, as the authorizer passes them on."""
    claims = TokenProfile(tenant_id).claims(_SAMPLE_NOW)
    return {name: str(value) for name, value in claims.items()}


def authority_of(tenant_id: str, kind: TenantKind) -> str:
    """The authority that issues a tenant's tokens, by its GUID, as Entra's documentation has it."""
    if kind is TenantKind.WORKFORCE:
        return f"https://login.microsoftonline.com/{tenant_id}"
    return f"https://{tenant_id}.ciamlogin.com/{tenant_id}"
