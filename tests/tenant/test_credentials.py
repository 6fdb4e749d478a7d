"""Sign in as the operator's app."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from claimsctl.entra.token_claims import TenantKind
from claimsctl.errors import OperatorError
from claimsctl.tenant.credentials import Login, tenant_token

TENANT = "11111111-1111-4111-8111-111111111111"
APP = "44444444-4444-4444-8444-444444444444"
SECRET = "s3cret-value"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """Record the credentials instead of using azure-identity's, which need the network."""
    made: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def of(name: str) -> Any:
        def make(*arguments: Any, **options: Any) -> Any:
            made.append((name, arguments, options))
            return SimpleNamespace(get_token=lambda _scope: SimpleNamespace(token="token"))

        return make

    names = ("ClientSecretCredential", "CertificateCredential", "DeviceCodeCredential")
    for name in names:
        monkeypatch.setattr(f"azure.identity.{name}", of(name))
    monkeypatch.delenv("AZURE_CLIENT_SECRET", raising=False)
    monkeypatch.delenv("AZURE_CLIENT_CERTIFICATE_PATH", raising=False)
    return made


@pytest.mark.parametrize(
    ("variables", "login", "name"),
    [
        ({"AZURE_CLIENT_SECRET": SECRET}, Login.CLIENT_CREDENTIALS, "ClientSecretCredential"),
        ({"AZURE_CLIENT_CERTIFICATE_PATH": "c"}, Login.CLIENT_CREDENTIALS, "CertificateCredential"),
        ({}, Login.DEVICE_CODE, "DeviceCodeCredential"),
    ],
)
def test_each_way_to_sign_in(
    made: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    login: Login,
    name: str,
) -> None:
    """Secret, certificate and device code, at the external tenant's authority."""
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    assert "token" == tenant_token(TENANT, TenantKind.EXTERNAL, APP, login)
    ((found, _, options),) = made
    assert (name, f"https://{TENANT}.ciamlogin.com") == (found, options["authority"])


def test_nothing_to_sign_in_with(made: list[Any]) -> None:
    """A missing app or secret is named with the option or variable that gives it."""
    with pytest.raises(OperatorError, match="--client-id"):
        tenant_token(TENANT, TenantKind.EXTERNAL, None, Login.DEVICE_CODE)
    with pytest.raises(OperatorError, match="AZURE_CLIENT_SECRET"):
        tenant_token(TENANT, TenantKind.WORKFORCE, APP, Login.CLIENT_CREDENTIALS)
    assert [] == made


@pytest.mark.parametrize(
    ("reason", "is_elsewhere"),
    [
        ("AADSTS7000215: Invalid client secret provided.", False),
        ("AADSTS90002: Tenant not found. Check … that you are signing into the right cloud.", True),
    ],
)
def test_a_refused_sign_in_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, reason: str, *, is_elsewhere: bool
) -> None:
    """The reason is shown, the secret is not; an unknown tenant may be of a national cloud."""

    def refuse(*_: Any, **__: Any) -> Any:
        def get_token(_scope: str) -> None:
            raise ClientAuthenticationError(reason)

        return SimpleNamespace(get_token=get_token)

    monkeypatch.setattr("azure.identity.ClientSecretCredential", refuse)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", SECRET)
    with pytest.raises(OperatorError, match=reason[:12]) as refused:
        tenant_token(TENANT, TenantKind.EXTERNAL, APP, Login.CLIENT_CREDENTIALS)
    assert SECRET not in str(refused.value)
    assert is_elsewhere is ("national clouds" in str(refused.value))


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message of a core installation names the missing extra."""
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(OperatorError, match=r"pip install '\.\[tenant\]'"):
        tenant_token(TENANT, TenantKind.EXTERNAL, APP, Login.DEVICE_CODE)
