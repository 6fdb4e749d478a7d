"""Get a bearer token from the tenant to call a protected endpoint as a test caller."""

import json
import time
from collections.abc import Mapping
from urllib.parse import quote

import httpx2

from claimsctl.errors import ExitCode, OperatorError

_WAIT_SECONDS = 10.0
_DETAIL_CHARACTERS = 300
_ANSWER_BYTES_MAX = 64 * 1024
"""The most that is read: a token has a few kilobytes."""
_OK = 200


def client_credentials_token(
    authority: str, client_id: str, client_secret: str, identifier_uri: str
) -> str:
    """Return a token of `client_id` for the endpoint that `identifier_uri` names.

    Its ``azp`` is the client's own id, never Entra's, so an endpoint accepts it only if its test
    callers include that id. Raises `OperatorError`; no message contains the secret.
    """
    url = f"{authority.rstrip('/')}/oauth2/v2.0/token"
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
        "scope": f"{identifier_uri.rstrip('/')}/.default",
    }
    try:
        status, content = _post(url, form)
        answer = json.loads(content)
    except httpx2.HTTPError as error:
        message = f"{url}: no token ({type(error).__name__}: {error})"
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE) from None
    except (ValueError, RecursionError):
        answer = None
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if status == _OK and isinstance(token, str):
        return token
    described = answer.get("error_description") if isinstance(answer, dict) else None
    detail = str(described or f"status {status}").splitlines()[0][:_DETAIL_CHARACTERS]
    message = f"{url}: no token for {quote(client_id)}: {detail}"
    raise OperatorError(message, exit_code=ExitCode.NOT_FINE)


def _post(url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
    """Return the status and body of the answer, within the timeout. Raises ``httpx2.HTTPError``."""
    until = time.monotonic() + _WAIT_SECONDS
    content = bytearray()
    with httpx2.stream(
        "POST",
        url,
        data=form,
        headers={"accept-encoding": "identity"},
        timeout=_WAIT_SECONDS,
        follow_redirects=False,
    ) as response:
        for part in response.iter_raw():
            content += part
            if len(content) > _ANSWER_BYTES_MAX:
                break
            if time.monotonic() > until:
                message = "no answer in time"
                raise httpx2.ReadTimeout(message)
        return response.status_code, bytes(content)
