"""SnapStart in function mode: the issuer's keys change while the snapshot is stored."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from claimsctl.emulator.events import played_event
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.entra.tokens import SigningKey, header_of, sign

from tests.integration.behaviours import answer_with, hang
from tests.integration.exchange import Exchange
from tests.integration.fault_proxy import Behaviour, Door, FaultProxy
from tests.key_servers import key_set
from tests.measured import Measured
from tests.runtime.runtime_api import Environment, snapstart
from tests.tokens import issuer_key, signing_key

OLD, NEW = issuer_key(), signing_key(1)
BUDGET_MS = 1700
MARGIN_MS = 250

ASKING_LOOPBACK = """
import os, urllib.request
from claims_provider.wiring import build_handler
def fetch(url):
    with urllib.request.urlopen(os.environ["KEY_SERVER"], timeout=3) as answer:
        return answer.read()
lambda_handler = build_handler(fetch_keys=fetch)
"""
"""The handler with its key server on this machine: Entra's cannot be reached in a test."""


def _publishing(*keys: SigningKey, delay: float = 0) -> Behaviour:
    def act(exchange: Exchange) -> None:
        exchange.wait(delay)
        answer_with(key_set(*keys))(exchange)

    return Behaviour(act)


@dataclass(frozen=True, slots=True)
class World:
    """An environment before its restore, and the key server."""

    environment: Environment
    key_server: FaultProxy

    def play(self, key: SigningKey) -> tuple[int, dict[str, Any]]:
        """The status of a callout whose token is signed with `key`, and its line."""
        claims = TokenProfile(TENANT_ID).claims(int(time.time()))
        token = sign(header_of(key), claims, key)
        body = json.dumps(body_of("member")).encode()
        answer = self.environment.invoke(played_event(body, TENANT_ID, token))
        return answer["statusCode"], self.environment.logged("callout")[-1]


@pytest.fixture
def world(artefact: Path, settings: dict[str, str], tmp_path: Path) -> Iterator[World]:
    """A version published while the issuer had its old key."""
    (tmp_path / "asking_loopback.py").write_text(ASKING_LOOPBACK)
    with FaultProxy("http://127.0.0.1:9", _publishing(OLD)) as key_server:
        variables = {
            **settings,
            "CALLER_VERIFICATION": "function",
            "KEY_SERVER": key_server.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        with snapstart(
            artefact, tmp_path, "asking_loopback.lambda_handler", **variables
        ) as environment:
            environment.wait_for_snapshot()
            yield World(environment, key_server)


def test_keys_that_changed_since_the_snapshot_are_known(world: World) -> None:
    """The key that the issuer signs with now is found, the one it has withdrawn believed no more.

    However young the snapshot: its keys are not trusted by their age.
    """
    world.key_server.inject(_publishing(NEW, delay=0.2))
    world.environment.restore()
    status, line = world.play(OLD)
    assert (401, "unknown-key") == (status, line["cause"]["reason"])
    status, line = world.play(NEW)
    assert (200, False) == (status, "stale_keys" in line)


@pytest.mark.parametrize(
    "fault", [Behaviour(hang, Door.CLOSED), Behaviour(hang)], ids=["down", "hanging"]
)
def test_the_snapshots_keys_serve_while_there_are_no_others(world: World, fault: Behaviour) -> None:
    """If the key server does not answer after the restore, callers are accepted with a warning."""
    world.key_server.inject(fault)
    world.environment.restore()
    measured = Measured(world.environment.process)
    status, line = world.play(OLD)
    assert (200, "WARNING", True) == (status, line["level"], "stale_keys" in line)
    assert line["answer_ms"] - measured.waited_ms() < BUDGET_MS + MARGIN_MS
