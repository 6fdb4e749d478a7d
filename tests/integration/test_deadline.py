"""The deadline of a callout: when it starts, and that it holds."""

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from claims_provider.deadline import FLOOR_MS, STALE_MS, Deadline, budget_ms

from tests.integration.deployment import BUDGET_MS, UNTRACED, Deploy, member_event
from tests.integration.engine import Table
from tests.integration.fault_proxy import FaultProxy
from tests.integration.faults import BY_NAME

pytestmark = UNTRACED

TOLERANCE_MS = 30
MARGIN_MS = 250
"""What a busy machine may add; one call of five without more is enough."""
_TRIES = 5


@pytest.fixture
def dripping(loaded_table: Table) -> Iterator[FaultProxy]:
    """A table whose answer never ends: only the deadline does."""
    with FaultProxy(loaded_table.url, BY_NAME["drips its body"]) as proxy:
        yield proxy


@pytest.mark.parametrize(
    ("received_ms_ago", "left_ms"),
    [
        (0, BUDGET_MS),
        (450, BUDGET_MS - 450),
        (600, FLOOR_MS),
        (5_000, FLOOR_MS),
        (-5_000, BUDGET_MS),
        (STALE_MS + 1_000, BUDGET_MS),
    ],
    ids=["warm", "cold start", "late", "hopeless", "clock behind", "stale stamp"],
)
def test_the_wait_counts_from_the_gateways_stamp(
    received_ms_ago: int,
    left_ms: int,
    dripping: FaultProxy,
    loaded_table: Table,
    deploy: Deploy,
) -> None:
    """A cold start counts against the budget; an implausible timestamp is ignored."""
    for _ in range(_TRIES):
        function = deploy(dripping.url, loaded_table.name)
        outcome = function.call(member_event(received_ms_ago))
        if outcome.own_milliseconds < left_ms + MARGIN_MS:
            break
    assert (503, "store-failure", "timeout") == outcome.failure
    assert left_ms - TOLERANCE_MS < outcome.milliseconds
    assert outcome.own_milliseconds < left_ms + MARGIN_MS


@pytest.mark.parametrize(("wait_ms", "expected"), [("200", 100), ("600", 300), ("2000", 1700)])
def test_the_wait_is_the_deployments(
    wait_ms: str, expected: int, dripping: FaultProxy, loaded_table: Table, deploy: Deploy
) -> None:
    """ENTRA_WAIT_MS less the reserve, half of it at most, is how long an answer takes at most."""
    assert expected == budget_ms(int(wait_ms))
    for _ in range(_TRIES):
        outcome = deploy(dripping.url, loaded_table.name, ENTRA_WAIT_MS=wait_ms).call()
        if outcome.own_milliseconds < expected + MARGIN_MS:
            break
    assert 503 == outcome.status
    assert expected - TOLERANCE_MS < outcome.milliseconds
    assert outcome.own_milliseconds < expected + MARGIN_MS


def test_a_callout_without_a_stamp_counts_from_its_entry() -> None:
    """Without a gateway's timestamp, the budget starts at the handler's entry."""
    entered = time.monotonic() - 0.2
    assert pytest.approx(entered + 0.7) == Deadline.of_callout(entered, 700, None).at


def test_time_since_entry_is_not_counted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time before the handler reads the timestamp is counted once."""
    clock = SimpleNamespace(monotonic=lambda: 50.0, time=lambda: 1_000.0)
    monkeypatch.setattr("claims_provider.deadline.time", clock)
    deadline = Deadline.of_callout(entered=50 - 0.2, budget=700, received_at_ms=1_000_000 - 300)
    assert pytest.approx(0.4) == deadline.remaining()


def test_a_short_budget_has_no_floor_above_it() -> None:
    """The minimum time is never more than the budget."""
    entered = time.monotonic()
    received_at_ms = time.time_ns() // 1_000_000 - 5_000
    deadline = Deadline.of_callout(entered, 100, received_at_ms)
    assert pytest.approx(entered + 0.1) == deadline.at


def test_a_past_deadline_leaves_nothing() -> None:
    """After the deadline, the remaining time is zero, not negative."""
    assert 0 == Deadline.after_ms(-5).remaining()
