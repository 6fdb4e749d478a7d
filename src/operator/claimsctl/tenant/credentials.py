"""Tokens for Microsoft Graph, issued to an app that the operator registered."""

import os
from enum import StrEnum
from importlib import import_module
from typing import Any, Final

from claimsctl.entra.token_claims import TenantKind, authority_of
from claimsctl.errors import ExitCode, OperatorError

GRAPH_SCOPE: Final = "https://graph.microsoft.com/.default"
SECRET_VARIABLE: Final = "AZURE_CLIENT_SECRET"  # noqa: S105  # its name, no secret
CERTIFICATE_VARIABLE: Final = "AZURE_CLIENT_CERTIFICATE_PATH"


_UNKNOWN_TENANT: Final = "AADSTS90002"
"""According to Microsoft's text, also the error for a tenant of another cloud."""


class Login(StrEnum):
    """How the operator's app gets its token."""

    CLIENT_CREDENTIALS = "client-credentials"
    DEVICE_CODE = "device-code"


def tenant_token(
    tenant_id: str, kind: TenantKind, client_id: str | None, login: Login, scope: str = GRAPH_SCOPE
) -> str:
    """Return a token of the app `client_id` for `scope`.

    Client credentials are read from the environment, so that no secret is in the shell's history.
    Raises `OperatorError`, whose message contains no secret.
    """
    if client_id is None:
        message = "no app to sign in with; register one in the tenant, and add --client-id"
        raise OperatorError(message)
    try:
        # In the extra `tenant`, and slow to import.
        identity = import_module("azure.identity")
        refused = import_module("azure.core.exceptions").ClientAuthenticationError
    except ImportError:
        message = "azure-identity is missing; in the project's clone run: pip install '.[tenant]'"
        raise OperatorError(message) from None
    secret, path = os.environ.get(SECRET_VARIABLE), os.environ.get(CERTIFICATE_VARIABLE)
    authority = authority_of(tenant_id, kind).rpartition("/")[0]
    credential: Any
    if login is Login.DEVICE_CODE:
        credential = identity.DeviceCodeCredential(
            client_id, tenant_id=tenant_id, authority=authority
        )
    elif secret:
        credential = identity.ClientSecretCredential(
            tenant_id, client_id, secret, authority=authority
        )
    elif path:
        credential = identity.CertificateCredential(tenant_id, client_id, path, authority=authority)
    else:
        message = (
            f"no credential: set {SECRET_VARIABLE} or {CERTIFICATE_VARIABLE}, or add --login"
            " device-code"
        )
        raise OperatorError(message)
    try:
        token: str = credential.get_token(scope).token
    except refused as error:
        reason = str(error).splitlines()[0][:300]
        message = f"no token for app {client_id} in tenant {tenant_id}: {reason}"
        if _UNKNOWN_TENANT in reason:
            message += "; tenants of national clouds (US Government, China) are not supported"
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE) from None
    except (ValueError, OSError) as error:  # a certificate that cannot be read
        message = f"{CERTIFICATE_VARIABLE}: {error}"
        raise OperatorError(message) from None
    return token
