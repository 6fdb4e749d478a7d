"""The function in this process: the same handler that Lambda runs, configured for one machine."""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError
from claims_provider.contract.identifiers import canonical_guid
from claims_provider.errors import CalloutError, SettingsError
from claims_provider.inbound.http_event import read_http_event
from claims_provider.inbound.signing_keys import FetchKeys
from claims_provider.settings import Settings, read_settings

from claimsctl.claims_table.location import AWS_SETTINGS, TableLocation
from claimsctl.emulator.environment import surroundings, without_logging
from claimsctl.emulator.events import http_api_event
from claimsctl.entra.token_claims import SAMPLE_AUDIENCES, TENANT_ID, authorizer_claims, issuer_of
from claimsctl.errors import OperatorError

if TYPE_CHECKING:
    from claims_provider.handler import CalloutHandler

_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class LocalFunction:
    """The handler, and what it is deployed with."""

    handler: "CalloutHandler"
    settings: Settings

    def invoke(self, event: object) -> dict[str, Any]:
        """The handler's answer to a gateway event; its log goes to standard error."""
        with redirect_stdout(sys.stderr):
            return self.handler(event)


@contextmanager
def local_function(
    table: TableLocation,
    tenant_id: str,
    overrides: Mapping[str, str],
    environment: Mapping[str, str] = os.environ,
    fetch_keys: FetchKeys | None = None,
) -> Iterator[LocalFunction]:
    """The function, deployed for `tenant_id` over `table`.

    Variables of `environment` (``USER_KEYS``, ``ENTRA_WAIT_MS``, …) count as they would in Lambda,
    `overrides` more, and what Lambda's template would derive is derived; those of Powertools
    do not. `fetch_keys` stands for Entra's key servers where the function verifies tokens itself.
    Raises `OperatorError` when the variables make no valid configuration.
    """
    variables = {
        "TENANT_ID": tenant_id,
        "TOKEN_ISSUER": issuer_of(tenant_id),
        "TOKEN_AUDIENCES": ",".join(SAMPLE_AUDIENCES),
        "POWERTOOLS_METRICS_DISABLED": "true",
    }
    given = without_logging(environment)
    variables |= {name: value for name, value in given.items() if name != "TENANT_ID"}
    variables |= {**table.environment, **overrides}
    with surroundings(without_logging(os.environ) | variables):
        yield _built(variables, fetch_keys)


def _built(variables: Mapping[str, str], fetch_keys: FetchKeys | None) -> LocalFunction:
    # Imported here: Powertools reads the environment when it is imported.
    from claims_provider.wiring import build_handler  # noqa: PLC0415

    try:
        with redirect_stdout(sys.stderr):  # the logger keeps the stream it finds now
            return LocalFunction(build_handler(variables, fetch_keys), read_settings(variables))
    except SettingsError as error:
        message = f"the function's settings: {error}"
        raise OperatorError(message) from None
    except (BotoCoreError, ValueError) as error:
        message = f"the function cannot start: {error} ({AWS_SETTINGS})"
        raise OperatorError(message) from None


def is_envelope(document: object) -> bool:
    """Whether `document` is a gateway's event rather than a bare callout body."""
    return isinstance(document, dict) and "requestContext" in document


def callout_in(document: object) -> object:
    """The callout body in a gateway's event, ``None`` when there is none; else `document`."""
    if not is_envelope(document):
        return document
    try:
        return read_json(read_http_event(document).body())
    except CalloutError:  # the function says what is wrong with it
        return None


def tenant_of(body: object) -> str:
    """The tenant that a callout body names; the samples' where it names none."""
    data = body.get("data") if isinstance(body, dict) else None
    tenant_id = data.get("tenantId") if isinstance(data, dict) else None
    try:
        return canonical_guid(tenant_id) if isinstance(tenant_id, str) else TENANT_ID
    except ValueError:
        return TENANT_ID


def read_json(raw: bytes) -> object:
    """`raw` as JSON, or ``None`` when it is none: then the function says what is wrong with it."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def played_event(body: bytes, tenant_id: str, token: str | None = None) -> dict[str, Any]:
    """`body` as it arrives through the HTTP API, with Entra's token for `tenant_id` verified.

    With `token` it arrives as through a route without authorizer: the function has to verify.
    """
    return http_api_event(
        body,
        _JSON if token is None else {**_JSON, "Authorization": f"Bearer {token}"},
        authorizer_claims=authorizer_claims(tenant_id) if token is None else None,
        received_at_ms=time.time_ns() // 1_000_000,
    )
