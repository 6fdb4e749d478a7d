"""What the local issuer publishes: Entra's paths and issuer, the key at hand."""

import pytest
from claimsctl.emulator.issuer import Issuer
from claimsctl.entra.token_claims import TenantKind, TokenVersion

from tests.tokens import issuer_key, other_key

TENANT = "bbbbcccc-1111-dddd-2222-eeee3333ffff"
BASE = "http://127.0.0.1:8787"
V1, V2 = TokenVersion


def _issuer(kind: TenantKind = TenantKind.EXTERNAL) -> Issuer:
    return Issuer(TENANT, kind, issuer_key)


@pytest.mark.parametrize(
    ("version", "discovery", "keys"),
    [
        (V2, "/v2.0/.well-known/openid-configuration", "/discovery/v2.0/keys"),
        (V1, "/.well-known/openid-configuration", "/discovery/keys"),
    ],
)
def test_the_paths_are_entras(version: TokenVersion, discovery: str, keys: str) -> None:
    """Below the tenant's id, with v2.0 where Entra has it."""
    assert f"/{TENANT}{discovery}" == _issuer().discovery_path(version)
    assert f"/{TENANT}{keys}" == _issuer().keys_path(version)
    assert f"{BASE}/{TENANT}{keys}" == _issuer().discovery(version, BASE)["jwks_uri"]


@pytest.mark.parametrize(
    ("kind", "version", "issuer"),
    [
        (TenantKind.EXTERNAL, V2, f"https://{TENANT}.ciamlogin.com/{TENANT}/v2.0"),
        (TenantKind.WORKFORCE, V2, f"https://login.microsoftonline.com/{TENANT}/v2.0"),
        (TenantKind.EXTERNAL, V1, f"https://sts.windows.net/{TENANT}/"),
    ],
)
def test_the_issuer_is_the_real_one(kind: TenantKind, version: TokenVersion, issuer: str) -> None:
    """Tokens are compared with it as in a deployment; only the keys are local."""
    document = _issuer(kind).discovery(version, BASE)
    assert issuer == document["issuer"]
    assert ["RS256"] == document["id_token_signing_alg_values_supported"]


def test_a_new_key_is_published_at_once() -> None:
    """The key is read each time."""
    keys = [issuer_key(), other_key()]
    issuer = Issuer(TENANT, TenantKind.EXTERNAL, lambda: keys.pop(0))
    assert {"keys": [issuer_key().jwk()]} == issuer.key_set()
    assert {"keys": [other_key().jwk()]} == issuer.key_set()
