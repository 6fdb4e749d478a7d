"""A bearer token from the tenant, for calling a protected endpoint as its test caller."""

from urllib.parse import quote

import httpx2

from claimsctl.entra.token_claims import TenantKind
from claimsctl.errors import ExitCode, OperatorError

_WAIT_SECONDS = 10.0
_DETAIL_CHARACTERS = 300
_OK = 200


def authority_of(tenant_id: str, kind: TenantKind) -> str:
    """The authority that issues a tenant's tokens, by its GUID, as Entra's documentation has it."""
    if kind is TenantKind.WORKFORCE:
        return f"https://login.microsoftonline.com/{tenant_id}"
    return f"https://{tenant_id}.ciamlogin.com/{tenant_id}"


def client_credentials_token(
    authority: str, client_id: str, client_secret: str, identifier_uri: str
) -> str:
    """A token of `client_id` for the endpoint that `identifier_uri` names.

    It carries the client's own id as ``azp``, never Entra's: an endpoint accepts it only while it
    lists that id among its test callers. Raises `OperatorError`; the secret is in no message.
    """
    url = f"{authority.rstrip('/')}/oauth2/v2.0/token"
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
        "scope": f"{identifier_uri.rstrip('/')}/.default",
    }
    try:
        response = httpx2.post(url, data=form, timeout=_WAIT_SECONDS, follow_redirects=False)
        answer = response.json()
    except httpx2.HTTPError as error:
        message = f"{url}: no token ({type(error).__name__}: {error})"
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE) from None
    except ValueError:
        answer = None
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if response.status_code == _OK and isinstance(token, str):
        return token
    described = answer.get("error_description") if isinstance(answer, dict) else None
    detail = str(described or f"status {response.status_code}").splitlines()[0][:_DETAIL_CHARACTERS]
    message = f"{url}: no token for {quote(client_id)}: {detail}"
    raise OperatorError(message, exit_code=ExitCode.NOT_FINE)
