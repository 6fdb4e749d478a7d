"""The function in this process: the handler that Lambda runs, configured for one machine."""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError
from claims_provider.errors import SettingsError
from claims_provider.settings import Settings, read_settings

from claimsctl.claims_table.location import AWS_SETTINGS, TableLocation
from claimsctl.emulator.environment import LOG_LEVEL, process_environment, without_logging
from claimsctl.entra.token_claims import SAMPLE_AUDIENCES, issuer_of
from claimsctl.errors import OperatorError

if TYPE_CHECKING:
    from claims_provider.handler import CalloutHandler
    from claims_provider.inbound.caller import Verifier
    from claims_provider.inbound.signing_keys import FetchKeys


@dataclass(frozen=True, slots=True)
class LocalFunction:
    """The handler, and its deployment settings."""

    handler: "CalloutHandler"
    settings: Settings

    def invoke(self, event: object) -> dict[str, Any]:
        """Return the handler's answer to a gateway event; its log goes to standard error."""
        with redirect_stdout(sys.stderr):
            return self.handler(event)


@contextmanager
def local_function(
    table: TableLocation,
    tenant_id: str,
    overrides: Mapping[str, str],
    environment: Mapping[str, str] = os.environ,
    *,
    fetch_keys: "FetchKeys | None" = None,
    verifier: "Verifier | None" = None,
) -> Iterator[LocalFunction]:
    """Return the function, configured for `tenant_id` and `table`.

    Variables of `environment` (``USER_KEYS``, ``ENTRA_WAIT_MS``, …) have the same effect as in
    Lambda, except those of Powertools. `overrides` replace them, and variables that the template
    derives are derived here too. `fetch_keys` replaces Entra's key servers when the function
    verifies tokens itself. `verifier` replaces the caller checks that the variables configure,
    because the settings accept Entra's issuers only. Raises `OperatorError` for an invalid
    configuration.
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
    with process_environment(without_logging(os.environ) | variables):
        yield _built(variables, fetch_keys, verifier)


def _built(
    variables: Mapping[str, str], fetch_keys: "FetchKeys | None", verifier: "Verifier | None"
) -> LocalFunction:
    # Imported here because Powertools reads the environment on import.
    from claims_provider.telemetry import SERVICE  # noqa: PLC0415
    from claims_provider.wiring import build_handler  # noqa: PLC0415

    try:
        with redirect_stdout(sys.stderr):  # the logger keeps the current stream
            handler = build_handler(variables, fetch_keys, verifier)
            # Powertools reads the level only once per process.
            logging.getLogger(SERVICE).setLevel(variables.get(LOG_LEVEL, "INFO").upper())
            return LocalFunction(handler, read_settings(variables))
    except SettingsError as error:
        message = f"the function's settings are invalid: {error}"
        raise OperatorError(message) from None
    except (BotoCoreError, ValueError) as error:
        message = f"the function cannot start: {error} ({AWS_SETTINGS})"
        raise OperatorError(message) from None
