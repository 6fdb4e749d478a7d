"""Checks that must pass before Entra calls the endpoint for another application."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from claimsctl.entra.callout import scenario_callout
from claimsctl.entra.client import make_callout
from claimsctl.entra.token_claims import authority_of
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.judge.exchange import exchange_in
from claimsctl.judge.judge import judge
from claimsctl.tenant.config import Config, TokenKind

_JSON: Final = {"Content-Type": "application/json"}


def check_endpoint(config: Config, bearer: str | None) -> None:
    """Raise `OperatorError` unless Entra accepts the endpoint's answer, and the token is required.

    Without a token, the endpoint cannot be checked, which is an error too.
    """
    risk = "; --force continues anyway, but sign-ins to the listener's applications may then fail"
    if bearer is None:
        message = (
            f"no token to call {config.target_url} with; add --token, or set CALLOUT_TOKEN{risk}"
        )
        raise OperatorError(message)
    body = scenario_callout("member", config.tenant.id)
    wait_ms, retries = config.callout.wait_ms, config.callout.retries
    headers = {**_JSON, "Authorization": f"Bearer {bearer}"}
    failure = make_callout(config.target_url, body, headers, wait_ms, retries).verdict.first_failure
    if failure is not None:
        message = (
            f"Entra would not accept the answer of {config.target_url}: {failure.id}"
            f" {failure.title}: {failure.evidence}{risk}"
        )
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE)
    if make_callout(config.target_url, body, _JSON, wait_ms).verdict.accepted:
        message = (
            f"{config.target_url} also answers calls without a token, so the test does not show"
            " whether it accepts Entra's token; let it verify the caller; --force continues anyway"
        )
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE)


def sign_in_url(config: Config) -> str:
    """Return the URL for a sign-in to the test application, which causes one callout."""
    app_id = config.test.app_id
    if config.test.token is TokenKind.SAML:
        return "on the application's page, where a SAML sign-in begins"
    access = config.test.token is TokenKind.ACCESS
    query = {
        "client_id": app_id,
        "response_type": "code" if access else "id_token",
        "redirect_uri": config.test.redirect_uri,
        "scope": f"{app_id}/.default" if access else "openid",
        "nonce": "claimsctl",
        "prompt": "login",
    }
    authority = authority_of(config.tenant.id, config.tenant.kind)
    return f"{authority}/oauth2/v2.0/authorize?{urlencode(query)}"


@dataclass(frozen=True, slots=True)
class Seen:
    """A callout from Entra."""

    at: datetime
    problem: str
    """Empty if Entra accepts the answer."""


def newest_recorded(path: Path, extension_id: str, since: datetime) -> Seen | None:
    """Return the newest callout in the recordings of `claimsctl tap` at `path`, a file or folder.

    Only callouts after `since` that name the extension count.
    """
    newest: Seen | None = None
    for file in path.rglob("*.json") if path.is_dir() else [path]:
        try:
            at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            if at < (newest.at if newest else since):
                continue
            text = file.read_text("utf-8")
            exchange = exchange_in(json.loads(text))
        except (OSError, ValueError, RecursionError, OperatorError):
            continue
        if extension_id in text:
            failed = judge(exchange.answer).first_failure
            newest = Seen(at, f"{failed.id} {failed.title}" if failed else "")
    return newest
