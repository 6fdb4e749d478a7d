"""SnapStart, through the Runtime API's own endpoints: publication, snapshot, restore, callout."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from claimsctl.emulator.events import played_event
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import TENANT_ID

from tests.integration.behaviours import PASS, Act, answer_json, answer_with, hang, pass_on
from tests.integration.exchange import Exchange, Request
from tests.integration.fault_proxy import Behaviour, Door, FaultProxy
from tests.measured import Measured
from tests.runtime.runtime_api import Environment, RuntimeDied, snapstart

CLAIMS = {
    "customRoles": ["Writer", "Editor", "Publisher"],
    "dateOfBirth": "2000-01-01",
    "loyaltyTier": "gold",
    "supportQueue": "test-app",
}
"""A member's, of the samples."""

TOKEN = "the-environments-own"
BUDGET_MS = 1700
MARGIN_MS = 250
"""What a noisy machine may add."""

CLOSED = Behaviour(hang, Door.CLOSED)
HANG = Behaviour(hang)


def _credentials(access_key: str, delay: float = 0) -> Behaviour:
    def act(exchange: Exchange) -> None:
        exchange.wait(delay)
        ends = datetime.now(UTC) + timedelta(hours=6)
        document = {
            "AccessKeyId": access_key,
            "SecretAccessKey": "secret",
            "Token": f"{access_key}-token",
            "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        answer_json(document)(exchange)

    return Behaviour(act)


BEFORE, AFTER = _credentials("BEFORE"), _credentials("AFTER")


def callout() -> dict[str, Any]:
    """A member's sign-in, received by the gateway just now."""
    return played_event(json.dumps(body_of("member")).encode(), TENANT_ID)


def outcome_of(answer: dict[str, Any]) -> Any:
    """The claims, or else the code."""
    body = json.loads(answer["body"])
    return body["data"]["actions"][0]["claims"] if 200 == answer["statusCode"] else body["code"]


def _signed_by(request: Request) -> str:
    credential = request.headers["authorization"].partition("Credential=")[2]
    access_key = credential.partition("/")[0]
    assert f"{access_key}-token" == request.headers["x-amz-security-token"]
    return access_key


@dataclass(frozen=True, slots=True)
class World:
    """What surrounds an environment: its table, and where its credentials come from."""

    table: FaultProxy
    credentials: FaultProxy
    start: Callable[[], Environment]

    def published(self) -> Environment:
        """An environment of which Lambda could now take a snapshot."""
        environment = self.start()
        environment.wait_for_snapshot()
        return environment


@pytest.fixture
def world(artefact: Path, settings: dict[str, str], tmp_path: Path) -> Iterator[World]:
    """Everything works."""
    with ExitStack() as stack:
        table = stack.enter_context(FaultProxy(settings["AWS_ENDPOINT_URL_DYNAMODB"], PASS))
        credentials = stack.enter_context(FaultProxy("http://127.0.0.1:9", BEFORE))
        variables = {
            **settings,
            "ENTRA_WAIT_MS": str(BUDGET_MS + 300),
            "AWS_ENDPOINT_URL_DYNAMODB": table.url,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{credentials.url}/2021-04-23/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": TOKEN,
        }
        yield World(
            table,
            credentials,
            lambda: stack.enter_context(snapstart(artefact, tmp_path, **variables)),
        )


def test_a_restored_environment_answers_with_its_own_credentials(world: World) -> None:
    """Credentials from before the snapshot are not used after it."""
    environment = world.published()
    world.credentials.inject(AFTER)
    published = len(world.table.requests)
    environment.restore()
    assert [CLAIMS, CLAIMS] == [outcome_of(environment.invoke(callout())) for _ in range(2)]
    signed = list(map(_signed_by, world.table.requests))
    assert ["BEFORE"] == signed[:published]
    assert ["AFTER", "AFTER"] == signed[published:]
    assert {TOKEN} == {asked.headers["authorization"] for asked in world.credentials.requests}


def test_nothing_of_the_table_enters_a_snapshot(world: World) -> None:
    """Before the snapshot the table is asked once, for what it cannot have; no connection stays."""
    environment = world.published()
    give_up_at = time.monotonic() + 10
    while world.table._connections and time.monotonic() < give_up_at:
        time.sleep(0.01)
    assert set() == world.table._connections
    (asked,) = world.table.requests
    (wanted,) = json.loads(asked.body)["RequestItems"].values()
    assert [{"pk": {"S": "SNAPSHOT"}, "sk": {"S": "SNAPSHOT"}}] == wanted["Keys"]
    (line,) = environment.logged("snapshot")
    assert ("INFO", False) == (line["level"], "causes" in line)


def test_a_restored_environment_says_so(world: World) -> None:
    """The first callout after a restore is a cold start, distinguished from other cold starts."""
    environment = world.published()
    environment.restore()
    for _ in range(2):
        environment.invoke(callout())
    (restore,) = environment.logged("restore")
    assert "INFO" == restore["level"]
    first, second = environment.logged("callout")
    assert (True, True) == (first["cold_start"], first["restored"])
    assert (False, False) == (second["cold_start"], "restored" in second)


def test_a_connection_that_died_meanwhile_costs_nothing(world: World) -> None:
    """Whatever connection the table knows no more, the first callout needs one attempt."""
    known: set[object] = set()
    is_over = False

    def act(exchange: Exchange) -> None:
        if is_over and exchange._connection in known:
            exchange.reset()
        known.add(exchange._connection)
        pass_on(exchange)

    world.table.inject(Behaviour(act))
    environment = world.published()
    assert 1 == len(known)
    is_over = True
    published = len(world.table.requests)
    environment.restore()
    assert CLAIMS == outcome_of(environment.invoke(callout()))
    assert published + 1 == len(world.table.requests)


@pytest.mark.parametrize(
    ("fault", "reason"), [(CLOSED, "connection"), (HANG, "timeout")], ids=["down", "hanging"]
)
def test_a_table_in_trouble_fails_no_publication(
    world: World, fault: Behaviour, reason: str
) -> None:
    """A table that cannot be read before the snapshot is a line in the log, and nothing later."""
    world.table.inject(fault)
    environment = world.published()
    (line,) = environment.logged("snapshot")
    assert ("WARNING", [reason]) == (line["level"], [cause["reason"] for cause in line["causes"]])
    world.table.inject(PASS)
    environment.restore()
    assert CLAIMS == outcome_of(environment.invoke(callout()))


def test_no_credentials_fail_no_publication(world: World) -> None:
    """Credentials that cannot be had before the snapshot are asked for after it."""
    world.credentials.inject(CLOSED)
    environment = world.published()
    (line,) = environment.logged("snapshot")
    assert ["credentials"] == [cause["reason"] for cause in line["causes"]]
    world.credentials.inject(AFTER)
    environment.restore()
    assert CLAIMS == outcome_of(environment.invoke(callout()))


def _failing_once(act: Act) -> list[Behaviour]:
    return [Behaviour(act), AFTER]


@pytest.mark.parametrize(
    "faults",
    [
        [_credentials("AFTER", delay=0.3)],
        _failing_once(answer_with(b"not yet", 503)),
        _failing_once(lambda exchange: exchange.reset()),
    ],
    ids=["slow", "unavailable once", "reset once"],
)
def test_credentials_with_a_hiccup_are_credentials(world: World, faults: list[Behaviour]) -> None:
    """A credential endpoint that needs its time, or a second try, loses no callout."""
    environment = world.published()
    world.credentials.inject(*faults)
    environment.restore()
    assert CLAIMS == outcome_of(environment.invoke(callout()))
    assert "AFTER" == _signed_by(world.table.requests[-1])


@pytest.mark.parametrize(
    ("fault", "reason"), [(CLOSED, "credentials"), (HANG, "timeout")], ids=["refused", "hanging"]
)
def test_without_credentials_the_callout_fails_in_time(
    world: World, fault: Behaviour, reason: str
) -> None:
    """A credential endpoint that gives none costs a callout its budget; the next one tries anew."""
    environment = world.published()
    world.credentials.inject(fault)
    environment.restore()
    measured = Measured(environment.process)
    assert "store-failure" == outcome_of(environment.invoke(callout()))
    (line,) = environment.logged("callout")
    assert reason == line["cause"]["reason"]
    assert line["answer_ms"] - measured.waited_ms() < BUDGET_MS + MARGIN_MS
    world.credentials.inject(AFTER)
    assert CLAIMS == outcome_of(environment.invoke(callout()))


def test_a_wrong_setting_fails_the_publication(
    artefact: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    """What makes no sense stops the version from being published, by the variable's name."""
    variables = {**settings, "TENANT_ID": "contoso"}
    with snapstart(artefact, tmp_path, **variables) as environment:
        with pytest.raises(RuntimeDied) as died:
            environment.wait_for_snapshot()
        assert died.value.report is not None
        assert "/2018-06-01/runtime/init/error" == died.value.report.path
        assert "TENANT_ID" in died.value.report.body["errorMessage"]
