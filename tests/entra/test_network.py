"""The network of a call: a deadline that holds, and addresses."""

import socket
import threading
from typing import Any

import pytest
from claimsctl.entra.network import Stopwatch, resolve_host
from claimsctl.judge.attempt import Phase


def test_a_phase_that_is_entered_again_goes_on() -> None:
    """Its time is the sum; phases are listed in the order in which they began."""
    watch = Stopwatch(1000)
    watch.enter(Phase.CONNECT)
    watch.enter(Phase.CONNECT)
    watch.enter(Phase.SEND)
    watch.stop()
    assert [Phase.DNS, Phase.CONNECT, Phase.SEND] == [*watch.timings]
    assert sum(watch.timings.values()) <= watch.elapsed_ms()


def test_no_time_is_left_after_the_wait() -> None:
    """A deadline in the past is a time-out, never a wait of zero, which sockets take for none."""
    assert 0 < Stopwatch(1000).remaining() <= 1
    with pytest.raises(TimeoutError):
        Stopwatch(0).remaining()


def test_a_lookup_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's resolver has no time-out of its own."""
    release = threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        release.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with pytest.raises(TimeoutError):
        resolve_host("slow.example", 443, 0.01)
    release.set()


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example"])
def test_a_malformed_name_does_not_resolve(host: str) -> None:
    """It is an error of the lookup, not one of the encoding."""
    with pytest.raises(socket.gaierror):
        resolve_host(host, 443, 5)
