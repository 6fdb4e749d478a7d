"""What must have been seen before Entra calls the endpoint for one more application."""

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
    """Raise `OperatorError` unless the endpoint answers the token as Entra accepts, and no other.

    Without a token nothing is known: a check that is skipped does not count.
    """
    risk = "; --force makes the listener all the same, and a sign-in to its applications then fails"
    if bearer is None:
        message = f"no token to call {config.target_url} with; give --token, or CALLOUT_TOKEN{risk}"
        raise OperatorError(message)
    body = scenario_callout("member", config.tenant.id)
    wait_ms, retries = config.callout.wait_ms, config.callout.retries
    headers = {**_JSON, "Authorization": f"Bearer {bearer}"}
    failure = make_callout(config.target_url, body, headers, wait_ms, retries).verdict.first_failure
    if failure is not None:
        message = (
            f"no listener: {config.target_url} gave no answer that Entra accepts: {failure.id}"
            f" {failure.title}: {failure.evidence}{risk}"
        )
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE)
    if make_callout(config.target_url, body, _JSON, wait_ms).verdict.accepted:
        message = (
            f"no listener: {config.target_url} answers without a token, so its answer proves"
            " nothing about Entra's; let it verify the caller; --force makes the listener all the"
            " same"
        )
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE)


def sign_in_url(config: Config) -> str:
    """Where somebody signs in to the test application, which ends in one callout."""
    app_id = config.test.app_id
    if config.test.token is TokenKind.SAML:
        return "at its own page, where a SAML sign-in begins"
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
    """A callout that Entra made."""

    at: datetime
    problem: str
    """Empty for an answer that Entra accepts."""


def newest_recorded(path: Path, extension_id: str, since: datetime) -> Seen | None:
    """The newest callout among the exchanges at `path`, a file or a folder of `claimsctl tap`.

    It must be newer than `since` and name the extension.
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
