"""What goes on beside the forwarding: each exchange examined, listed, kept, saved."""

import multiprocessing
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.queues import Queue
from queue import Empty
from typing import Final

from claimsctl.errors import ExitCode, OperatorError
from claimsctl.tap.exchanges import Examined, History, examine
from claimsctl.tap.process import GRACE_SECONDS, QUEUED_MAX, Told, forward_in_process
from claimsctl.tap.upstream import Service

_LESS_URGENT: Final = 10
"""Where processors are few, forwarding comes first."""
_LOOK_SECONDS: Final = 0.5
"""How often it is looked whether the forwarding is still there."""
_LAST_SECONDS: Final = 0.05
"""How long what was told last may be on its way."""

Hear = Callable[[Examined], None]


class Forwarder:
    """The forwarding process, and what it tells."""

    def __init__(self, listener: socket.socket, service: Service) -> None:
        context = multiprocessing.get_context("spawn")  # no lock or thread of ours goes with it
        self._queue: Queue[Told] = context.Queue(QUEUED_MAX)
        self._ready = context.Event()
        self._process = context.Process(
            target=forward_in_process,
            args=(listener, service, self._queue, self._ready),
            name="claimsctl-tap",
            daemon=True,
        )

    def start(self) -> None:
        """Start it, and wait till it takes callouts. Raises `OperatorError` when it does not."""
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is not the child's
        try:
            self._process.start()
        finally:
            signal.signal(signal.SIGINT, interrupt)
        while not self._ready.wait(_LOOK_SECONDS):
            self._check()

    def _check(self) -> None:
        if not self._process.is_alive():
            message = f"forwarding has ended by itself (exit code {self._process.exitcode})"
            raise OperatorError(message, exit_code=ExitCode.NOT_FINE)

    def told(self) -> Iterator[Told]:
        """Exchanges, as they come, for as long as the process lives. Raises `OperatorError`."""
        while True:
            try:
                yield self._queue.get(timeout=_LOOK_SECONDS)
            except Empty:
                self._check()

    def stop(self) -> Iterator[Told]:
        """End it, exchanges under way first; what it tells last."""
        self._process.terminate()
        self._process.join(GRACE_SECONDS + 1)
        with suppress(Empty):
            while True:
                yield self._queue.get(timeout=_LAST_SECONDS)

    def close(self) -> None:
        """Gone, whatever it is doing."""
        self._process.kill()
        self._process.join()
        self._queue.close()


@contextmanager
def forwarder(listener: socket.socket, service: Service) -> Iterator[Forwarder]:
    """The process, started; gone when the context ends, whatever ends it."""
    running = Forwarder(listener, service)
    try:
        running.start()
        listener.close()  # it has its own
        if hasattr(os, "nice"):
            os.nice(_LESS_URGENT)
        yield running
    finally:
        running.close()


def record(
    told: Iterator[Told], history: History, wait_ms: int, hear: Hear, *, unmask: bool
) -> None:
    """Examine what is `told`, keep it, and let it be heard of, until there is no more."""
    for sighting, untold in told:
        examined = examine(sighting, wait_ms, unmask=unmask)
        history.untold = max(history.untold, untold)
        history.add(examined)
        hear(examined)
