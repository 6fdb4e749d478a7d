"""What must have been seen before Entra calls the endpoint for one more application."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from claimsctl.entra.callout import scenario_callout
from claimsctl.entra.client import make_callout
from claimsctl.entra.token_claims import authority_of
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.judge.exchange import exchange_in
from claimsctl.judge.judge import judge
from claimsctl.tenant.config import Config, TokenKind
from claimsctl.tenant.graph import Graph
from claimsctl.tenant.snapshot import Listener

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


def seen_in_recordings(path: Path, extension_id: str, since: datetime) -> bool:
    """Whether an exchange at `path`, a file or a folder of `claimsctl tap`, is the callout.

    It must be newer than `since`, name the extension, and hold an answer that Entra accepts.
    """
    for file in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
        try:
            if datetime.fromtimestamp(file.stat().st_mtime, UTC) < since:
                continue
            text = file.read_text("utf-8")
            exchange = exchange_in(json.loads(text))
        except (OSError, ValueError, RecursionError, OperatorError):
            continue
        answer = exchange.answer if extension_id in text else None
        if answer is not None and judge(answer).accepted:
            return True
    return False


def seen_by_entra(graph: Graph, app_id: str, listener: Listener, since: datetime) -> str | None:
    """What Entra's own record says of a callout since then; empty for a good one, ``None``: none.

    Graph beta's sign-ins, which need ``AuditLog.Read.All`` and a P1 or P2 licence, and come some
    minutes late.
    """
    when = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    path = f"/auditLogs/signIns?$filter=appId eq '{app_id}' and createdDateTime ge {when}"
    results = list(_results(graph, path, listener.id))
    if any(one.get("numberOfAttempts") and not one.get("errorCode") for one in results):
        return ""
    for one in results:
        return f"{one.get('errorCode')} after {one.get('numberOfAttempts')} attempts"
    return None


def _results(graph: Graph, path: str, listener_id: str) -> Iterator[dict[str, Any]]:
    for sign_in in graph.list(path, "beta"):
        for one in sign_in.get("appliedEventListeners") or []:
            if one.get("executedListenerId") == listener_id:
                yield one.get("handlerResult") or {}
