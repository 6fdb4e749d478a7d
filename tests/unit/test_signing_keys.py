"""An issuer's keys: in good time, as seldom as can be, kept while the key server is down."""

import time

import pytest
from claims_provider.contract.issuers import issuers_of
from claims_provider.deadline import Deadline
from claims_provider.errors import CallerRefused, KeysUnavailable, RefusalReason
from claims_provider.inbound.signing_keys import (
    COOL_DOWN_SECONDS,
    FETCH_SECONDS,
    REFRESH_SECONDS,
    RETRY_SECONDS,
    SigningKeys,
)

from tests.key_servers import Clock, FakeKeyServer
from tests.measured import Measured
from tests.tokens import signing_key

ISSUER = issuers_of("aaaabbbb-0000-cccc-1111-dddd2222eeee")[0]
OLD, NEW = signing_key(0), signing_key(1)


def _soon() -> Deadline:
    return Deadline.after_ms(2000)


def _keys(server: FakeKeyServer, clock: Clock) -> SigningKeys:
    keys = SigningKeys(ISSUER, server, clock)
    keys.begin()
    keys.take(_soon())
    return keys


def _settle(keys: SigningKeys) -> None:
    """Wait for the end of a background fetch."""
    give_up_at = time.monotonic() + 30
    worker = keys._workers._current
    while keys._is_fetching and worker is not None and worker.answers.empty():
        assert time.monotonic() < give_up_at
        time.sleep(0.001)


@pytest.fixture
def clock() -> Clock:
    """A clock that moves only on request."""
    return Clock()


@pytest.fixture
def server() -> FakeKeyServer:
    """A key server with one key."""
    return FakeKeyServer(OLD)


def test_a_known_key_is_not_asked_for_again(server: FakeKeyServer, clock: Clock) -> None:
    """Keys are fetched once and serve every callout until they are an hour old."""
    keys = _keys(server, clock)
    for _ in range(100):
        clock.now += REFRESH_SECONDS / 101
        assert keys.find(OLD.kid, _soon())
    assert [ISSUER.keys_url] == server.asked


def test_a_refresh_in_good_time_costs_no_callout(server: FakeKeyServer, clock: Clock) -> None:
    """After an hour, the keys are fetched in the background, and the callout does not wait."""
    keys = _keys(server, clock)
    server.keys = (OLD, NEW)
    clock.now += REFRESH_SECONDS
    server.hangs.clear()
    assert keys.find(OLD.kid, _soon())
    server.hangs.set()
    _settle(keys)
    assert keys.find(NEW.kid, Deadline.after_ms(0))
    assert 2 == len(server.asked)


def test_a_withdrawn_key_is_forgotten(server: FakeKeyServer, clock: Clock) -> None:
    """A key that the issuer publishes no more is not accepted after the refresh."""
    keys = _keys(server, clock)
    server.keys = (NEW,)
    clock.now += 2 * REFRESH_SECONDS
    with pytest.raises(CallerRefused) as refusal:
        keys.find(OLD.kid, _soon())
    assert RefusalReason.UNKNOWN_KEY is refusal.value.reason


def test_a_new_key_is_found_at_once(server: FakeKeyServer, clock: Clock) -> None:
    """A key that came between two refreshes is fetched when a token names it."""
    keys = _keys(server, clock)
    server.keys = (OLD, NEW)
    clock.now += COOL_DOWN_SECONDS
    assert keys.find(NEW.kid, _soon())
    assert keys.find(OLD.kid, _soon())
    assert 2 == len(server.asked)


def test_a_flood_of_made_up_keys_is_one_fetch_per_cool_down(
    server: FakeKeyServer, clock: Clock
) -> None:
    """However many unknown key ids come, the key server is asked once per cool-down."""
    keys = _keys(server, clock)
    for number in range(1000):
        clock.now += COOL_DOWN_SECONDS / 100
        with pytest.raises(CallerRefused):
            keys.find(f"made-up-{number}", _soon())
        assert keys.find(OLD.kid, _soon())
    assert len(server.asked) <= 1 + 1000 / 100


def test_the_last_good_keys_outlive_the_key_server(server: FakeKeyServer, clock: Clock) -> None:
    """While the key server is down the keys of before serve, and are known to be stale."""
    keys = _keys(server, clock)
    server.fail()
    for _ in range(48):
        clock.now += REFRESH_SECONDS
        assert keys.find(OLD.kid, _soon())
        _settle(keys)
    assert keys.is_stale
    server.failure = None
    clock.now += COOL_DOWN_SECONDS
    assert keys.find(OLD.kid, _soon())
    assert not keys.is_stale


@pytest.mark.parametrize("failure", [OSError("no route"), ValueError("?"), RuntimeError("bug")])
def test_without_any_key_it_is_said_so(
    failure: Exception, server: FakeKeyServer, clock: Clock
) -> None:
    """Having no keys is an outage, not a refusal of the caller."""
    server.failure = failure
    keys = _keys(server, clock)
    with pytest.raises(KeysUnavailable) as unavailable:
        keys.find(OLD.kid, _soon())
    assert {"issuer": ISSUER.url, "error": type(failure).__name__} == unavailable.value.evidence


def test_without_any_key_it_is_tried_again_soon(server: FakeKeyServer, clock: Clock) -> None:
    """As long as there are no keys nobody gets in, so it is tried every other second."""
    server.fail()
    keys = _keys(server, clock)
    for _ in range(100):
        with pytest.raises(KeysUnavailable):
            keys.find(OLD.kid, _soon())
    assert 1 == len(server.asked)
    server.failure = None
    clock.now += RETRY_SECONDS
    assert keys.find(OLD.kid, _soon())
    assert 2 == len(server.asked)


def test_a_clock_put_back_is_no_trap(server: FakeKeyServer, clock: Clock) -> None:
    """After the clock was put back keys are fetched anew instead of never again."""
    keys = _keys(server, clock)
    server.keys = (OLD, NEW)
    clock.now -= 10 * REFRESH_SECONDS
    assert keys.find(NEW.kid, _soon())


def test_a_slow_key_server_is_heard(server: FakeKeyServer, clock: Clock) -> None:
    """A fetch that takes longer than any callout can wait goes on, and serves a later callout."""
    server.hangs.clear()
    keys = SigningKeys(ISSUER, server, clock)
    keys.begin()
    keys.take(Deadline.after_ms(1))
    for _ in range(50):
        clock.now += FETCH_SECONDS / 100
        with pytest.raises(KeysUnavailable):
            keys.find(OLD.kid, Deadline.after_ms(2))
    server.hangs.set()
    _settle(keys)
    assert keys.find(OLD.kid, Deadline.after_ms(0))
    assert 1 == len(server.asked)


def test_nobody_can_stop_a_refresh(server: FakeKeyServer, clock: Clock) -> None:
    """A made-up key id that arrives during a refresh does not end it, nor does a flood wait."""
    keys = _keys(server, clock)
    server.keys = (OLD, NEW)
    clock.now += REFRESH_SECONDS
    server.hangs.clear()
    assert keys.find(OLD.kid, _soon())
    measured = Measured()
    for number in range(100):
        with pytest.raises(CallerRefused):
            keys.find(f"made-up-{number}", Deadline.after_ms(200))
    assert measured.own_ms() < 1000
    server.hangs.set()
    _settle(keys)
    assert keys.find(NEW.kid, Deadline.after_ms(0))
    assert 2 == len(server.asked)


def test_keys_of_a_snapshot_are_not_trusted_by_their_age(
    server: FakeKeyServer, clock: Clock
) -> None:
    """After a restore a callout waits for new keys, however young the old ones seem to be."""
    keys = _keys(server, clock)
    server.keys = (NEW,)
    server.seconds = 0.05
    keys.renew()
    with pytest.raises(CallerRefused):
        keys.find(OLD.kid, _soon())
    assert keys.find(NEW.kid, _soon())
    assert not keys.is_stale
    assert 2 == len(server.asked)


def test_keys_of_a_snapshot_serve_while_there_are_no_others(
    server: FakeKeyServer, clock: Clock
) -> None:
    """A key server that is down after a restore shuts nobody out, and every callout says so."""
    keys = _keys(server, clock)
    server.fail()
    keys.renew()
    for _ in range(3):
        assert keys.find(OLD.kid, _soon())
        assert keys.is_stale
    assert 2 == len(server.asked)


def test_a_fetch_of_before_the_snapshot_is_forgotten(server: FakeKeyServer, clock: Clock) -> None:
    """A fetch that was under way when the snapshot was taken does not stand for a new one."""
    server.seconds = 0.2
    keys = SigningKeys(ISSUER, server, clock)
    keys.begin()
    while not server.asked:
        time.sleep(0.001)
    server.seconds = 0.0
    server.keys = (NEW,)
    keys.renew()
    assert keys.find(NEW.kid, _soon())
    assert 2 == len(server.asked)
