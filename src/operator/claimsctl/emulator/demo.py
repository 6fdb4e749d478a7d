"""The demonstration on one machine: load claims, serve, call as Entra does, judge."""

import json
import time
from collections.abc import Generator
from dataclasses import dataclass

from claims_provider.contract.limits import ENTRA_WAIT_MS_MAX

from claimsctl.claims_file.validation import read_records
from claimsctl.emulator.dynamodb import embedded_table
from claimsctl.emulator.function import local_function
from claimsctl.emulator.issuer import Issuer
from claimsctl.emulator.server import served
from claimsctl.entra.callout import body_of
from claimsctl.entra.client import send_callout
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.entra.tokens import SigningKey, mint
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.judge.attempt import Answer
from claimsctl.judge.finding import Verdict
from claimsctl.judge.judge import judge
from claimsctl.loading.writers import write_records
from claimsctl.resources import bundled

_WAIT_MS = 10_000
_SETTINGS = {"POWERTOOLS_LOG_LEVEL": "CRITICAL", "ENTRA_WAIT_MS": str(ENTRA_WAIT_MS_MAX)}
"""No log, and the longest timeout, for a busy machine."""
_EXCHANGES = {
    "member": "A member signs in",
    "local-account": "A local account signs in; Entra sends no mail address",
    "minimal": "An unknown user signs in and gets the tenant's default",
}


@dataclass(frozen=True, slots=True)
class ClaimsLoaded:
    """The embedded table contains the claims of a file."""

    rows: int
    file_name: str


@dataclass(frozen=True, slots=True)
class EndpointServed:
    """The local HTTP API answers callouts."""

    url: str


@dataclass(frozen=True, slots=True)
class CalloutAnswered:
    """One callout, its answer, and whether Entra would accept it."""

    title: str
    user_id: str
    url: str
    token: str
    request: bytes
    """The body that was sent."""
    answer: Answer
    verdict: Verdict


DemoStep = ClaimsLoaded | EndpointServed | CalloutAnswered


def demo_steps() -> Generator[DemoStep, None, None]:
    """Yield each event as it happens: `ClaimsLoaded`, `EndpointServed`, each `CalloutAnswered`.

    The table and server exist as long as the generator; close it to end them earlier. Raises
    `OperatorError` if a callout gets no answer.
    """
    sample = bundled("events/claims.sample.csv")
    profile = TokenProfile(TENANT_ID)
    key = SigningKey.generate()
    issuer = Issuer(TENANT_ID, profile.kind, lambda: key)
    token = mint(profile.claims(int(time.time())), key)
    with (
        embedded_table() as table,
        local_function(table, TENANT_ID, _SETTINGS, environment={}) as function,
    ):
        written = write_records(table.client(), table.name, read_records(sample))
        yield ClaimsLoaded(written, sample.name)
        with served(function, issuer) as url:
            yield EndpointServed(url)
            for scenario, title in _EXCHANGES.items():
                yield _exchange(url, token, scenario, title)


def _exchange(url: str, token: str, scenario: str, title: str) -> CalloutAnswered:
    body = body_of(scenario)
    request = json.dumps(body).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    answer = send_callout(url, request, headers, _WAIT_MS).answer
    if answer is None:  # the machine is too slow for a demonstration
        message = f"{url}: no answer within {_WAIT_MS} ms"
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE)
    user_id = body["data"]["authenticationContext"]["user"]["id"]
    return CalloutAnswered(title, user_id, url, token, request, answer, judge(answer))
