"""Name lookups and credentials that hang or fail before the store's request."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.behaviours import PASS, answer_json, answer_with, hang
from tests.integration.deployment import (
    TWO_BUDGETS_MS,
    UNTRACED,
    Deploy,
    Outcome,
    wait_for_stuck,
)
from tests.integration.engine import Table
from tests.integration.exchange import Exchange
from tests.integration.fault_proxy import Behaviour, FaultProxy
from tests.measured import Measured

pytestmark = UNTRACED

GOOD = {"role": "reader", "tier": "basic"}
HANG = Behaviour(hang)
COLD_START_SECONDS = 2.5
Note = Callable[[str, Outcome], None]


def _credentials(lifetime: timedelta, delay: float = 0) -> Behaviour:
    def act(exchange: Exchange) -> None:
        exchange.wait(delay)
        ends = (datetime.now(UTC) + lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")
        answer_json({"AccessKeyId": "a", "SecretAccessKey": "s", "Token": "t", "Expiration": ends})(
            exchange
        )

    return Behaviour(act)


LASTING = _credentials(timedelta(hours=6))
ENDING = _credentials(timedelta(minutes=5))  # refreshed at each call


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """A container's credential service, from which the function has to get its credentials."""
    with FaultProxy("http://127.0.0.1:9", LASTING) as service:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{service.url}/credentials")
        yield service


def _check_failure(outcome: Outcome, reason: str) -> None:
    assert (503, "store-failure", reason) == outcome.failure
    assert outcome.own_milliseconds < TWO_BUDGETS_MS


def test_a_hanging_name_lookup_is_a_failure_in_time(
    loaded_table: Table, deploy: Deploy, note_time: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hanging name lookup does not break the deadline, and the next lookup works."""
    function = deploy(loaded_table.url, loaded_table.name)
    over = threading.Event()
    resolve = socket.getaddrinfo

    def hang_first(*args: Any, **options: Any) -> Any:
        over.wait(60)
        return resolve(*args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", hang_first)
        outcome = function.call()
    note_time("name lookup hangs", outcome)
    _check_failure(outcome, "timeout")
    assert 1 == function.store.stuck_workers
    assert GOOD == function.call_in_peace().claims
    over.set()
    wait_for_stuck(function.store)


def test_an_unknown_name_is_a_connection_failure(
    loaded_table: Table, deploy: Deploy, note_time: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that does not resolve is distinguished from a table that does not answer in time."""
    function = deploy(loaded_table.url, loaded_table.name)

    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", fail)
        outcome = function.call()
    note_time("name lookup fails", outcome)
    _check_failure(outcome, "connection")
    assert GOOD == function.call_in_peace().claims


def test_no_credentials_are_a_failure_in_time(
    loaded_table: Table, deploy: Deploy, note_time: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without credentials every callout is a store failure that says so."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    outcome = deploy(loaded_table.url, loaded_table.name).call()
    note_time("no credentials", outcome)
    _check_failure(outcome, "credentials")


def test_broken_credentials_do_not_break_cold_start(
    loaded_table: Table,
    deploy: Deploy,
    note_time: Note,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A credential source that fails at cold start is each callout's failure until it works."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    config = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    config.write_text("[default]\ncredential_process = false\n")
    function = deploy(loaded_table.url, loaded_table.name)
    outcome = function.call()
    note_time("credential source fails", outcome)
    _check_failure(outcome, "credentials")
    document = {"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "s"}
    (tmp_path / "key.json").write_text(json.dumps(document))
    config.write_text(f"[default]\ncredential_process = cat {tmp_path / 'key.json'}\n")
    for _ in range(5):  # starting a process from one as large as a test run takes its time
        outcome = function.call()
        if outcome.status == 200:
            break
    assert GOOD == outcome.claims


def test_hanging_credentials_do_not_hang_cold_start(
    service: FaultProxy, loaded_table: Table, deploy: Deploy, note_time: Note
) -> None:
    """A credential service that hangs at cold start costs seconds once, then callouts in time."""
    service.inject(HANG)
    measured = Measured()
    function = deploy(loaded_table.url, loaded_table.name)
    assert measured.own_ms() < COLD_START_SECONDS * 1000
    for _ in range(2):
        outcome = function.call()
        note_time("credentials hang from the start", outcome)
        _check_failure(outcome, "timeout")
    service.inject(LASTING)
    assert GOOD == function.call_in_peace().claims


def test_slow_credentials_are_no_fault(
    service: FaultProxy, loaded_table: Table, deploy: Deploy, note_time: Note
) -> None:
    """Credentials that arrive late at cold start are used."""
    service.inject(_credentials(timedelta(hours=6), delay=0.4))
    outcome = deploy(loaded_table.url, loaded_table.name).call_in_peace()
    note_time("slow credentials at cold start (an answer)", outcome)
    assert GOOD == outcome.claims


@pytest.mark.parametrize("times", [1, 5])
def test_credentials_that_fail_are_asked_for_again_in_time(
    times: int, service: FaultProxy, loaded_table: Table, deploy: Deploy, note_time: Note
) -> None:
    """A refresh that is refused is repeated within the callout's budget, up to five times."""
    refused = [Behaviour(answer_with(b"not yet", 503))] * times
    for _ in range(5):  # on a busy machine seven requests may take longer than the budget
        service.inject(ENDING)
        function = deploy(loaded_table.url, loaded_table.name)
        service.inject(*refused, LASTING)
        outcome = function.call()
        if "timeout" != outcome.failure[2]:
            break
    note_time(f"credential refresh fails {times} times (an answer)", outcome)
    assert GOOD == outcome.claims


def test_a_hanging_refresh_is_a_failure_in_time(
    service: FaultProxy, loaded_table: Table, deploy: Deploy, note_time: Note
) -> None:
    """A refresh of credentials is paid from the budget too, and a hung one spoils no later call."""
    service.inject(ENDING)
    function = deploy(loaded_table.url, loaded_table.name)
    assert GOOD == function.call_in_peace().claims
    service.inject(HANG)
    outcome = function.call()
    note_time("credential refresh hangs", outcome)
    _check_failure(outcome, "timeout")
    service.inject(ENDING)
    assert GOOD == function.call_in_peace().claims


def test_credentials_are_kept(service: FaultProxy, loaded_table: Table, deploy: Deploy) -> None:
    """Container credentials are fetched once, not for each callout."""
    with FaultProxy(loaded_table.url, PASS) as proxy:
        function = deploy(proxy.url, loaded_table.name)
        for _ in range(3):
            assert GOOD == function.call_in_peace().claims
        assert (1, 3) == (len(service.requests), len(proxy.requests))
