"""The function with a table that cannot be read, or not in time."""

import re
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from claims_provider.claims.store import ATTEMPTS
from claims_provider.errors import StoreFailureReason
from claims_provider.wiring import _ATTEMPT_SHARE

from tests.effort import mostly_slow
from tests.integration.behaviours import PASS, slow
from tests.integration.deployment import (
    BUDGET_MS,
    TWO_BUDGETS_MS,
    UNTRACED,
    Deploy,
    Outcome,
    wait_for_stuck,
)
from tests.integration.engine import Table
from tests.integration.fault_proxy import FaultProxy
from tests.integration.faults import BY_NAME, FAULTS, USER_UNPROCESSED, Fault

GOOD = {"role": "reader", "tier": "basic"}
TRIES = 5
SETTLED_SECONDS = 1.0
"""After it no call of a worker that was given up comes late."""
Note = Callable[[str, Outcome], None]

ONE_OF_EACH = list({fault.reasons: fault for fault in FAULTS}.values())
"""A fault of each kind that the log tells apart."""

every_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


@pytest.fixture
def proxy(loaded_table: Table) -> Iterator[FaultProxy]:
    """The proxy between the function and the table; forwards everything until a fault is set."""
    with FaultProxy(loaded_table.url, PASS) as proxy:
        yield proxy


def _reasons(fault: Fault, outcome: Outcome) -> frozenset[StoreFailureReason]:
    """The allowed reasons: a machine that stalls for a whole attempt causes a timeout."""
    stalled = outcome.milliseconds >= BUDGET_MS * _ATTEMPT_SHARE
    return fault.reasons | ({StoreFailureReason.TIMEOUT} if stalled else set())


@UNTRACED
@every_fault
def test_a_fault_is_a_failure_in_time_and_passes(
    fault: Fault, proxy: FaultProxy, loaded_table: Table, deploy: Deploy, note_time: Note
) -> None:
    """Under every fault Entra gets a 503 within the budget, and claims again once it is over."""
    function = deploy(proxy.url, loaded_table.name)
    proxy.inject(fault)
    outcome = function.call()
    note_time(fault.name, outcome)
    assert (503, "store-failure") == outcome.failure[:2]
    assert outcome.failure[2] in _reasons(fault, outcome)
    assert outcome.own_milliseconds < TWO_BUDGETS_MS
    assert "WARNING" == outcome.line["level"]
    proxy.inject(PASS)
    assert GOOD == function.call_in_peace().claims


@UNTRACED
@pytest.mark.parametrize(
    "fault",
    mostly_slow(FAULTS, lambda fault: fault in ONE_OF_EACH),
    ids=lambda fault: fault.name,
)
def test_a_deployment_may_prefer_no_claims(
    fault: Fault, proxy: FaultProxy, loaded_table: Table, deploy: Deploy, note_time: Note
) -> None:
    """With ON_STORE_FAILURE=empty every fault is a 200 without claims, as loud in the log."""
    function = deploy(proxy.url, loaded_table.name, ON_STORE_FAILURE="empty")
    proxy.inject(fault)
    outcome = function.call()
    note_time(fault.name, outcome)
    assert {} == outcome.claims
    assert outcome.line["cause"]["reason"] in _reasons(fault, outcome)
    assert outcome.own_milliseconds < TWO_BUDGETS_MS
    assert "WARNING" == outcome.line["level"]
    proxy.inject(PASS)  # ends what drips


@pytest.mark.parametrize(
    "name",
    [
        "hangs after the request",
        "hangs after the header",
        "hangs in the body",
        "reset after the request",
        "reset in the body",
        "closed after the request",
        "500",
        "503, HTML",
        "throttled",
        "throttled, come back in 30 s",
        "truncated",
        "not JSON",
        "{}",
        "all unprocessed",
        "the user unprocessed",
    ],
)
def test_what_happens_once_is_cured(
    name: str, proxy: FaultProxy, loaded_table: Table, deploy: Deploy, note_time: Note
) -> None:
    """A fault that is gone at the second attempt costs time and no claims."""
    function = deploy(proxy.url, loaded_table.name)
    outcome = function.call_in_peace(lambda: proxy.inject(BY_NAME[name], PASS))
    note_time(f"{name}: once", outcome)
    assert GOOD == outcome.claims
    assert outcome.own_milliseconds < TWO_BUDGETS_MS


@pytest.mark.parametrize("fault", [FAULTS[3], USER_UNPROCESSED], ids=lambda fault: fault.name)
def test_there_is_one_retry(
    fault: Fault, proxy: FaultProxy, loaded_table: Table, deploy: Deploy
) -> None:
    """A callout calls the table at most twice, for any duration of a fault."""
    proxy.inject(fault)
    for _ in range(TRIES):  # on a busy machine a callout may be over before it has asked
        proxy.requests.clear()
        deploy(proxy.url, loaded_table.name).call()
        asked = len(proxy.requests)
        assert asked <= ATTEMPTS
        if asked == ATTEMPTS:
            break
        time.sleep(SETTLED_SECONDS)
    assert ATTEMPTS == asked


def test_only_what_is_missing_is_asked_again(
    proxy: FaultProxy, loaded_table: Table, deploy: Deploy
) -> None:
    """The retry asks for the keys left unprocessed, and what was found at first is kept."""
    function = deploy(proxy.url, loaded_table.name)

    def prepare() -> None:
        proxy.requests.clear()
        proxy.inject(USER_UNPROCESSED, PASS)

    assert GOOD == function.call_in_peace(prepare).claims
    keys = [set(re.findall(rb"(TENANT|USER)#", request.body)) for request in proxy.requests]
    assert [{b"TENANT", b"USER"}, {b"USER"}] == keys


@pytest.mark.parametrize("name", ["no access", "token expired", "moved"])
def test_what_will_not_pass_is_not_retried(
    name: str, proxy: FaultProxy, loaded_table: Table, deploy: Deploy
) -> None:
    """A refusal that a second attempt cannot change is reported at once."""
    function = deploy(proxy.url, loaded_table.name)

    def prepare() -> None:
        proxy.requests.clear()
        proxy.inject(BY_NAME[name])

    function.call_in_peace(prepare)
    assert 1 == len(proxy.requests)


def test_a_slow_table_is_no_fault(
    proxy: FaultProxy, loaded_table: Table, deploy: Deploy, note_time: Note
) -> None:
    """A slow answer within the deadline is used."""
    function = deploy(proxy.url, loaded_table.name)
    outcome = function.call_in_peace(lambda: proxy.inject(slow(0.2)))
    note_time("slow, in time (an answer)", outcome)
    assert GOOD == outcome.claims


@UNTRACED
def test_a_hanging_handshake_is_a_failure_in_time(
    proxy: FaultProxy, loaded_table: Table, deploy: Deploy, note_time: Note
) -> None:
    """A table that takes the connection and not the TLS handshake costs no more than the budget."""
    function = deploy(proxy.url.replace("http:", "https:"), loaded_table.name)
    proxy.inject(BY_NAME["accepted, never read"])
    outcome = function.call()
    note_time("TLS handshake hangs", outcome)
    assert (503, "store-failure") == outcome.failure[:2]
    assert outcome.own_milliseconds < TWO_BUDGETS_MS


@UNTRACED
def test_many_dead_addresses_are_one_deadline(
    proxy: FaultProxy,
    loaded_table: Table,
    deploy: Deploy,
    note_time: Note,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The budget applies to all addresses of the table together, even if all hang."""
    function = deploy(proxy.url, loaded_table.name)
    proxy.inject(BY_NAME["connect hangs"])
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *args, **options: resolve(*args, **options) * 5
    )
    outcome = function.call()
    note_time("connect hangs, five addresses", outcome)
    assert (503, "store-failure", "timeout") == outcome.failure
    assert outcome.own_milliseconds < TWO_BUDGETS_MS
    proxy.inject(PASS)
    wait_for_stuck(function.store)


def test_connections_are_kept(proxy: FaultProxy, loaded_table: Table, deploy: Deploy) -> None:
    """Without faults in between, callouts share one connection."""
    function = deploy(proxy.url, loaded_table.name)
    for _ in range(3):
        assert GOOD == function.call_in_peace().claims
    assert 1 == len(proxy._connections)
