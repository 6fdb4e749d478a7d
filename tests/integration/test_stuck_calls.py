"""While the store hangs, threads and memory are limited, and are freed afterwards."""

import resource
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import pytest
from claims_provider.claims.store import ClaimsStore
from claims_provider.deadline import Deadline
from claims_provider.errors import StoreFailure, StoreFailureReason
from claims_provider.wiring import _connector
from claims_provider.worker import MAX_STUCK

from tests.effort import tries
from tests.integration.behaviours import PASS, slow
from tests.integration.deployment import (
    BUDGET_MS,
    TENANT_ITEM,
    UNTRACED,
    USER_ITEM,
    end_workers,
    wait_for_stuck,
)
from tests.integration.engine import Table
from tests.integration.fault_proxy import FaultProxy
from tests.integration.faults import BY_NAME
from tests.measured import Measured

pytestmark = UNTRACED

CALLS = tries(500)
SHORT_MS = 30
"""An abandoned worker goes on to make its client, 18 ms of a processor's time: calls that are
abandoned faster than that pile up by themselves."""
GROWTH_KB_MAX = 150_000
"""What the collector may be behind with: a client is a knot that only it undoes. Hundreds of
clients kept would be five times as much."""
Stuck = Callable[[FaultProxy], Any]


@pytest.fixture
def proxy(loaded_table: Table) -> Iterator[FaultProxy]:
    """The proxy between the store and the table."""
    with FaultProxy(loaded_table.url, PASS) as proxy:
        yield proxy


@pytest.fixture
def store(
    proxy: FaultProxy, loaded_table: Table, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ClaimsStore]:
    """The function's own store, as it is wired."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", proxy.url)
    store = ClaimsStore(loaded_table.name, _connector(BUDGET_MS))
    yield store
    end_workers(store)


@contextmanager
def _answers_hang(proxy: FaultProxy, name: str) -> Iterator[None]:
    proxy.inject(BY_NAME[name])
    try:
        yield
    finally:
        proxy.inject(PASS)


@contextmanager
def _name_lookup_hangs(proxy: FaultProxy) -> Iterator[None]:
    over = threading.Event()
    resolve = socket.getaddrinfo

    def hang(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if port == proxy.port:
            over.wait(60)
        return resolve(host, port, *args, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", hang)
        proxy.inject(PASS)  # cuts the connection that is open
        try:
            yield
        finally:
            over.set()


def _workers() -> int:
    return sum(thread.name == "call-with-deadline" for thread in threading.enumerate())


def _peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _read_in_vain(store: ClaimsStore, milliseconds: float) -> StoreFailureReason:
    with pytest.raises(StoreFailure) as caught:
        store.read([USER_ITEM], Deadline.after_ms(milliseconds))
    return caught.value.reason


@pytest.mark.parametrize(
    "stuck",
    [
        _name_lookup_hangs,
        lambda proxy: _answers_hang(proxy, "hangs after the request"),
        lambda proxy: _answers_hang(proxy, "drips its body"),
    ],
    ids=["name lookup", "after the request", "drip"],
)
@pytest.mark.campaign
def test_hundreds_of_stuck_calls_leave_nothing_behind(
    stuck: Stuck, proxy: FaultProxy, store: ClaimsStore
) -> None:
    """Threads and memory are bounded however many calls get stuck, and afterwards all is well."""
    others = _workers() - 1
    reasons: Counter[StoreFailureReason] = Counter()
    most = warm = 0
    took_ms = []
    with stuck(proxy):
        for number in range(CALLS):
            measured = Measured()
            reasons[_read_in_vain(store, SHORT_MS)] += 1
            took_ms.append(measured.own_ms())
            most = max(most, _workers() - others)
            if number == CALLS // 5:
                warm = _peak_kb()
    assert {StoreFailureReason.TIMEOUT, StoreFailureReason.WORKERS_STUCK} >= set(reasons)
    assert MAX_STUCK <= reasons[StoreFailureReason.TIMEOUT]
    assert most <= MAX_STUCK + 1
    assert median(took_ms) < 2 * SHORT_MS  # a machine may stop for seconds, but not at every call
    assert _peak_kb() - warm < GROWTH_KB_MAX
    wait_for_stuck(store)
    assert {USER_ITEM} == store.read([USER_ITEM], Deadline.after_ms(1000)).keys()
    assert 1 == _workers() - others


def test_while_too_many_are_stuck_calls_fail_at_once(proxy: FaultProxy, store: ClaimsStore) -> None:
    """A call that cannot have a worker says so at once, long before its deadline."""
    with _name_lookup_hangs(proxy):
        for _ in range(100 * MAX_STUCK):  # on a busy machine some are given up before they hang
            if store.stuck_workers < MAX_STUCK:
                assert StoreFailureReason.TIMEOUT == _read_in_vain(store, 2 * SHORT_MS)
        took_ms = []
        for _ in range(5):
            measured = Measured()
            assert StoreFailureReason.WORKERS_STUCK == _read_in_vain(store, BUDGET_MS)
            took_ms.append(measured.own_ms())
        assert median(took_ms) < BUDGET_MS / 2
        assert MAX_STUCK == store.stuck_workers
    wait_for_stuck(store)
    assert {USER_ITEM} == store.read([USER_ITEM], Deadline.after_ms(1000)).keys()


def test_a_late_answer_reaches_nobody(proxy: FaultProxy, store: ClaimsStore) -> None:
    """An answer to an abandoned call is not used for the next call."""
    proxy.inject(slow(0.15), slow(0.2))
    assert StoreFailureReason.TIMEOUT == _read_in_vain(store, 80)
    answer = store.read([TENANT_ITEM], Deadline.after_ms(2000))
    assert [True, False] == [USER_ITEM.pk.encode() in sent.body for sent in proxy.requests]
    assert {TENANT_ITEM} == answer.keys()
