"""What Entra's bearer token for a callout says, as the gateway's JWT authorizer hands it on."""

from claims_provider.contract.identifiers import AUTHENTICATION_EVENTS_APP_ID

SAMPLE_API_APP_ID = "11112222-bbbb-3333-cccc-4444dddd5555"
"""The endpoint's app registration in the samples: the token's audience. A placeholder."""


def issuer_of(tenant_id: str) -> str:
    """``iss`` in an external tenant: the GUID stands in the host too (reports from the field)."""
    return f"https://{tenant_id}.ciamlogin.com/{tenant_id}/v2.0"


def authorizer_claims(tenant_id: str) -> dict[str, str]:
    """Claims of a v2 token of an external tenant; all strings, as the authorizer gives them."""
    return {
        "aud": SAMPLE_API_APP_ID,
        "iss": issuer_of(tenant_id),
        "iat": "1795508520",
        "nbf": "1795508520",
        "exp": "1795512420",
        "azp": AUTHENTICATION_EVENTS_APP_ID,
        "azpacr": "2",
        "oid": "ffff5555-aa66-7788-99bb-cccccc00dddd",
        "sub": "ffff5555-aa66-7788-99bb-cccccc00dddd",
        "tid": tenant_id,
        "ver": "2.0",
    }
