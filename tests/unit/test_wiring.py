"""What a cold start puts together."""

import socket
import ssl
from typing import Any

import pytest
from claims_provider.inbound.caller import GatewayVerifier, NoVerification
from claims_provider.inbound.key_server import KeyServer
from claims_provider.inbound.token import TokenVerifier
from claims_provider.settings import Settings, read_settings
from claims_provider.wiring import verifier_of

from tests.fakes import ENVIRONMENT

OTHER_TENANT = "bbbbcccc-1111-dddd-2222-eeee3333ffff"


@pytest.fixture(autouse=True)
def _no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key server is looked for."""

    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", fail)


def _settings(mode: str, **environment: str) -> Settings:
    return read_settings({**ENVIRONMENT, "CALLER_VERIFICATION": mode, **environment})


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("gateway", GatewayVerifier), ("function", TokenVerifier), ("none", NoVerification)],
)
def test_each_mode_has_its_verifier(mode: str, kind: type) -> None:
    """Who verifies is what the deployment has chosen."""
    assert isinstance(verifier_of(_settings(mode), 100, None), kind)


def test_key_servers_are_asked_as_a_strict_client_does() -> None:
    """Keys come from the issuers' own hosts, their certificates checked, name and all."""
    verifier = verifier_of(_settings("function", TOKEN_ISSUER=""), 100, None)
    assert isinstance(verifier, TokenVerifier)
    assert 3 == len(verifier._issuers)
    for issuer in verifier._issuers.values():
        fetch = issuer.keys.fetch
        assert isinstance(fetch, KeyServer)
        assert (ssl.CERT_REQUIRED, True) == (
            fetch._context.verify_mode,
            fetch._context.check_hostname,
        )
        assert {"login.microsoftonline.com", f"{ENVIRONMENT['TENANT_ID']}.ciamlogin.com"} == (
            fetch._hosts
        )


def test_every_issuer_is_held_to_its_own_tenant() -> None:
    """With several tenants each issuer's tokens are expected to be of that issuer's tenant."""
    tenants = f"{ENVIRONMENT['TENANT_ID']},{OTHER_TENANT}"
    settings = _settings("function", TENANT_ID=tenants, TOKEN_ISSUER="")
    verifier = verifier_of(settings, 100, None)
    assert isinstance(verifier, TokenVerifier)
    assert 6 == len(verifier._issuers)
    for url, issuer in verifier._issuers.items():
        assert (url, url) == (issuer.expected.issuer, issuer.keys.issuer.url)
        assert issuer.expected.tenant_id in url
        assert issuer.expected.tenant_id in issuer.keys.issuer.keys_url


def test_test_callers_reach_every_verifier() -> None:
    """Who is let in for tests is let in by gateway and function mode alike, until the same end."""
    tester = {"TEST_CALLER_APP_IDS": OTHER_TENANT, "TEST_CALLERS_UNTIL": "2026-01-01T00:00:00Z"}
    gateway = verifier_of(_settings("gateway", **tester), 100, None)
    function = verifier_of(_settings("function", **tester), 100, None)
    assert isinstance(gateway, GatewayVerifier)
    assert isinstance(function, TokenVerifier)
    (issuer,) = function._issuers.values()
    assert gateway.expected == issuer.expected
    assert (frozenset({OTHER_TENANT}), 1767225600.0) == (
        gateway.expected.test_app_ids,
        gateway.expected.test_until,
    )
