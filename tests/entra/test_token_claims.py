"""Entra's tokens by tenant and version, as the vendor's reference and the field have them."""

import pytest
from claimsctl.entra.token_claims import (
    SAMPLE_API_APP_ID,
    SAMPLE_AUDIENCES,
    SAMPLE_IDENTIFIER_URI,
    TenantKind,
    TokenProfile,
    TokenVersion,
    authorizer_claims,
)

from tests.tokens import NOW

TENANT = "bbbbcccc-1111-dddd-2222-eeee3333ffff"
EXTERNAL, WORKFORCE = TenantKind
V1, V2 = TokenVersion
ENTRA = "99045fe1-7639-4a75-9d4a-577b6ca3810f"


@pytest.mark.parametrize(
    ("kind", "version", "issuer"),
    [
        (EXTERNAL, V2, f"https://{TENANT}.ciamlogin.com/{TENANT}/v2.0"),
        (WORKFORCE, V2, f"https://login.microsoftonline.com/{TENANT}/v2.0"),
        (EXTERNAL, V1, f"https://sts.windows.net/{TENANT}/"),
        (WORKFORCE, V1, f"https://sts.windows.net/{TENANT}/"),
    ],
)
def test_who_issues(kind: TenantKind, version: TokenVersion, issuer: str) -> None:
    """External tenants have their GUID in the host; v1 tokens are of one issuer for all."""
    profile = TokenProfile(TENANT, kind, version)
    assert issuer == profile.issuer == profile.claims(NOW)["iss"]
    assert TENANT == profile.claims(NOW)["tid"]


def test_version_2() -> None:
    """The app id for audience, and azp names the caller."""
    claims = TokenProfile(TENANT).claims(NOW)
    assert (SAMPLE_API_APP_ID, ENTRA, "2.0") == (claims["aud"], claims["azp"], claims["ver"])
    assert not {"appid", "appidacr"} & set(claims)


def test_version_1() -> None:
    """The identifier URI for audience, and appid names the caller."""
    claims = TokenProfile(TENANT, version=V1).claims(NOW)
    assert (SAMPLE_IDENTIFIER_URI, ENTRA, "1.0") == (claims["aud"], claims["appid"], claims["ver"])
    assert not {"azp", "azpacr"} & set(claims)


def test_times() -> None:
    """Dated back five minutes, good for an hour from now."""
    claims = TokenProfile(TENANT).claims(NOW)
    assert (NOW - 300, NOW - 300, NOW + 3600) == (claims["iat"], claims["nbf"], claims["exp"])


def test_the_audiences_are_the_templates() -> None:
    """The app id, and the identifier URI of host and app id."""
    assert SAMPLE_AUDIENCES == (SAMPLE_API_APP_ID, SAMPLE_IDENTIFIER_URI)
    assert SAMPLE_IDENTIFIER_URI.startswith("api://a1b2c3d4e5.execute-api.")
    assert SAMPLE_IDENTIFIER_URI.endswith(f"/{SAMPLE_API_APP_ID}")


def test_the_samples_claims_are_the_tokens() -> None:
    """What the files in events/ say is what a token says, in strings, on a day of their own."""
    assert {
        name: str(value) for name, value in TokenProfile(TENANT).claims(1795508820).items()
    } == (authorizer_claims(TENANT))
