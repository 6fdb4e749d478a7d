"""Who issues a tenant's tokens."""

from urllib.parse import urlsplit

from claims_provider.contract.issuers import issuers_of
from claimsctl.entra.token_claims import TenantKind, TokenVersion, issuer_of

TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"


def test_every_form_is_known() -> None:
    """External, workforce and v1 tokens of a tenant have three issuers."""
    assert {
        issuer_of(TENANT, TenantKind.EXTERNAL),
        issuer_of(TENANT, TenantKind.WORKFORCE),
        issuer_of(TENANT, version=TokenVersion.V1),
    } == {issuer.url for issuer in issuers_of(TENANT)}


def test_an_external_tenants_keys_are_its_own() -> None:
    """The workforce host does not hold every key that signs an external tenant's tokens."""
    for issuer in issuers_of(TENANT):
        external = ".ciamlogin.com" in issuer.url
        assert external == (urlsplit(issuer.keys_url).hostname == f"{TENANT}.ciamlogin.com")


def test_keys_are_the_tenants() -> None:
    """Key sets are asked for by tenant, over https."""
    for issuer in issuers_of(TENANT):
        parts = urlsplit(issuer.keys_url)
        assert ("https", TENANT) == (parts.scheme, parts.path.split("/")[1])
