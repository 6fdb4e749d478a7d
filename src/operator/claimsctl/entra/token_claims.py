"""What Entra's bearer token for a callout says, by tenant and token version.

Sources: Microsoft's reference of access token claims; for the issuer of external tenants, reports
from the field. The app ids are placeholders.
"""

from dataclasses import dataclass
from enum import StrEnum

from claims_provider.contract.identifiers import AUTHENTICATION_EVENTS_APP_ID

from claimsctl.local.gateway import HTTP_API_HOST

SAMPLE_API_APP_ID = "11112222-bbbb-3333-cccc-4444dddd5555"
"""The endpoint's app registration in the samples: the audience of a v2 token."""
SAMPLE_IDENTIFIER_URI = f"api://{HTTP_API_HOST}/{SAMPLE_API_APP_ID}"
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
