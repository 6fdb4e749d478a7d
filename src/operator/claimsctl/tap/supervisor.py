"""Start and end the forwarding process, and judge and keep each exchange that it records."""

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
"""The niceness of the judging process, so that forwarding has priority on few processors."""
_POLL_SECONDS: Final = 0.5
"""How often to check that the forwarding process is alive."""
_LAST_SECONDS: Final = 0.05
"""How long the last exchanges may take to pass through the queue."""


class Forwarder:
    """The forwarding process, and the exchanges that it records."""

    def __init__(self, listener: socket.socket, upstream: Upstream, hosts: frozenset[str]) -> None:
        context = multiprocessing.get_context("spawn")  # the child inherits no lock or thread
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
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the child ignores Ctrl-C
        try:
            self._process.start()
        finally:
            signal.signal(signal.SIGINT, interrupt)
        while not self._ready.wait(_POLL_SECONDS):
            self._check()

    def _check(self) -> None:
        if not self._process.is_alive():
            message = f"the forwarding process ended (exit code {self._process.exitcode})"
            raise OperatorError(message, exit_code=ExitCode.NOT_FINE)

    def recorded(self) -> Iterator[Recorded]:
        """Yield exchanges while the process runs. Raises `OperatorError` when it ends."""
        while True:
            try:
                yield self._queue.get(timeout=_POLL_SECONDS)
            except Empty:
                self._check()

    def stop(self) -> Iterator[Recorded]:
        """End the process after its current exchanges, and return the last exchanges."""
        self._process.terminate()
        self._process.join(GRACE_SECONDS + 1)
        with suppress(Empty):
            while True:
                yield self._queue.get(timeout=_LAST_SECONDS)

    def close(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.join()
        self._queue.close()


@contextmanager
def forwarder(
    listener: socket.socket, upstream: Upstream, hosts: frozenset[str] = frozenset()
) -> Iterator[Forwarder]:
    """Start the process, and kill it when the context ends for any reason."""
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
    """Mask and judge recorded exchanges, keep them in `history`, and pass them to `on_exchange`."""
    for exchange, dropped in recorded:
        shown = mask_and_judge(exchange, wait_ms, unmask=unmask)
        history.dropped = max(history.dropped, dropped)
        history.add(shown)
        on_exchange(shown)
