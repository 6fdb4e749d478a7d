"""Starts and ends the forwarding process, and has each exchange that it records judged and kept."""

import multiprocessing
import os
import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.queues import Queue
from queue import Empty
from typing import Final

from claimsctl.errors import ExitCode, OperatorError
from claimsctl.tap.exchanges import History, ShownExchange, mask_and_judge
from claimsctl.tap.process import GRACE_SECONDS, QUEUED_MAX, Recorded, forward_in_process
from claimsctl.tap.upstream import Upstream

_NICENESS: Final = 10
"""Of the process that judges: where processors are few, forwarding comes first."""
_POLL_SECONDS: Final = 0.5
"""How often the forwarding process is checked to be alive."""
_LAST_SECONDS: Final = 0.05
"""How long the last exchanges may be on their way through the queue."""


class Forwarder:
    """The forwarding process, and the exchanges that it records."""

    def __init__(self, listener: socket.socket, upstream: Upstream, hosts: frozenset[str]) -> None:
        context = multiprocessing.get_context("spawn")  # no lock or thread of ours goes with it
        self._queue: Queue[Recorded] = context.Queue(QUEUED_MAX)
        self._ready = context.Event()
        self._process = context.Process(
            target=forward_in_process,
            args=(listener, upstream, hosts, self._queue, self._ready),
            name="claimsctl-tap",
            daemon=True,
        )

    def start(self) -> None:
        """Start it, and wait until it accepts connections. Raises `OperatorError` if it ends."""
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is not for the child
        try:
            self._process.start()
        finally:
            signal.signal(signal.SIGINT, interrupt)
        while not self._ready.wait(_POLL_SECONDS):
            self._check()

    def _check(self) -> None:
        if not self._process.is_alive():
            message = f"forwarding has ended by itself (exit code {self._process.exitcode})"
            raise OperatorError(message, exit_code=ExitCode.NOT_FINE)

    def recorded(self) -> Iterator[Recorded]:
        """Exchanges as they come, while the process lives. Raises `OperatorError` when it ends."""
        while True:
            try:
                yield self._queue.get(timeout=_POLL_SECONDS)
            except Empty:
                self._check()

    def stop(self) -> Iterator[Recorded]:
        """End the process, exchanges under way first; the last exchanges."""
        self._process.terminate()
        self._process.join(GRACE_SECONDS + 1)
        with suppress(Empty):
            while True:
                yield self._queue.get(timeout=_LAST_SECONDS)

    def close(self) -> None:
        """Kill the process, whatever it is doing."""
        self._process.kill()
        self._process.join()
        self._queue.close()


@contextmanager
def forwarder(
    listener: socket.socket, upstream: Upstream, hosts: frozenset[str] = frozenset()
) -> Iterator[Forwarder]:
    """The process, started; killed when the context ends, whatever ends it."""
    running = Forwarder(listener, upstream, hosts)
    try:
        running.start()
        listener.close()  # the process has its own copy
        if hasattr(os, "nice"):
            os.nice(_NICENESS)
        yield running
    finally:
        running.close()


def collect(
    recorded: Iterable[Recorded],
    history: History,
    wait_ms: int,
    on_exchange: Callable[[ShownExchange], None],
    *,
    unmask: bool,
) -> None:
    """Mask and judge what is recorded, keep it in `history`, and call `on_exchange` with it."""
    for exchange, dropped in recorded:
        shown = mask_and_judge(exchange, wait_ms, unmask=unmask)
        history.dropped = max(history.dropped, dropped)
        history.add(shown)
        on_exchange(shown)
