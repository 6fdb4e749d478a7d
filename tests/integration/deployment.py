"""The whole function, deployed as Lambda would, over a table that a test chooses."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from claims_provider.claims.key import tenant_key, user_key
from claims_provider.claims.store import ClaimsStore
from claims_provider.handler import CalloutHandler
from claims_provider.wiring import build_handler
from claimsctl.emulator.events import played_event
from claimsctl.entra.callout import SCENARIOS, body_of
from claimsctl.entra.token_claims import TENANT_ID

from tests.integration.exchange import PATIENCE_SECONDS
from tests.measured import Measured

MEMBER = SCENARIOS["member"].context.user.id
TENANT_ITEM = tenant_key(TENANT_ID, None)
USER_ITEM = user_key(TENANT_ID, MEMBER, None)
BUDGET_MS = 700
"""Entra's default wait less the reserve."""

TWO_BUDGETS_MS = 2 * BUDGET_MS
"""More than one budget and what a busy machine adds to it; less than a call without a deadline."""

_TRIES = 10

UNTRACED = pytest.mark.usefixtures("untraced")
"""For tests that measure time: coverage's tracer would take a part of it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a callout: the answer, the log line, and the duration."""

    status: int
    body: Any
    line: Mapping[str, Any]
    milliseconds: float
    own_milliseconds: float
    """How long without what a busy machine added."""

    @property
    def claims(self) -> dict[str, Any]:
        """The claims that Entra gets."""
        assert 200 == self.status, self
        claims: dict[str, Any] = self.body["data"]["actions"][0]["claims"]
        return claims

    @property
    def failure(self) -> tuple[int, str | None, str | None]:
        """Status, code and the reason in the log."""
        return self.status, self.body.get("code"), self.line.get("cause", {}).get("reason")


class Deployment:
    """A handler, and its log."""

    def __init__(self, handler: CalloutHandler, capsys: pytest.CaptureFixture[str]) -> None:
        self.handler = handler
        self._capsys = capsys

    @property
    def store(self) -> ClaimsStore:
        """The handler's table."""
        return self.handler._store

    def call(self, event: dict[str, Any] | None = None) -> Outcome:
        """One callout, a member's unless `event` says otherwise."""
        event = event or member_event()
        self._capsys.readouterr()
        measured = Measured()
        answer = self.handler(event)
        milliseconds, own_milliseconds = measured.elapsed_ms(), measured.own_ms()
        line = json.loads(self._capsys.readouterr().out.splitlines()[0])
        body = json.loads(answer["body"])
        return Outcome(answer["statusCode"], body, line, milliseconds, own_milliseconds)

    def call_in_peace(self, prepare: Callable[[], object] = lambda: None) -> Outcome:
        """One callout after `prepare`; again while it times out, as it may on a busy machine."""
        for _ in range(_TRIES):
            prepare()
            outcome = self.call()
            if "timeout" != outcome.failure[2]:
                break
        return outcome


def member_event(received_ms_ago: int = 0) -> dict[str, Any]:
    """Return the gateway's event for a member's sign-in."""
    event = played_event(json.dumps(body_of("member")).encode(), TENANT_ID)
    event["requestContext"]["timeEpoch"] -= received_ms_ago
    return event


Deploy = Callable[..., Deployment]
"""`deploy(url, table, **environment)`: what the fixture of that name gives."""


def environment_of(url: str, table: str, **environment: str) -> dict[str, str]:
    """Return the template's variables for a table at `url`; no caller is refused."""
    return {
        "TABLE_NAME": table,
        "TENANT_ID": TENANT_ID,
        "CALLER_VERIFICATION": "none",
        "AWS_ENDPOINT_URL_DYNAMODB": url,
        **environment,
    }


def end_workers(store: ClaimsStore) -> None:
    """End the store's idle worker: Lambda has one for its life, a test run has hundreds.

    One that is stuck ends with what it hangs in, which a fixture may be that ends later.
    """
    worker = store._workers._current
    if worker is not None:
        worker._jobs.put(None)
        worker._thread.join(PATIENCE_SECONDS)


def wait_for_stuck(store: ClaimsStore) -> None:
    """Wait until all abandoned workers have ended, whatever they hung in being over."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while store.stuck_workers and time.monotonic() < give_up_at:
        time.sleep(0.01)
    assert 0 == store.stuck_workers


def deploy_with(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ends: list[ClaimsStore]
) -> Deploy:
    """A way to deploy; `ends` collects what the test must end."""

    def deploy(url: str, table: str, **environment: str) -> Deployment:
        variables = environment_of(url, table, **environment)
        for name, value in variables.items():  # the AWS SDK reads the process's own
            monkeypatch.setenv(name, value)
        deployment = Deployment(build_handler(variables), capsys)
        ends.append(deployment.store)
        return deployment

    return deploy
