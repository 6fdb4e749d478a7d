"""The forwarding process. It does nothing else, so that nothing else can delay it.

Judging, the list and the page run in the parent process. Exchanges go there through a queue; while
the queue is full, they are only counted.
"""

import asyncio
import gc
import multiprocessing
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from queue import Full
from typing import Final, NamedTuple
from weakref import WeakSet

from claimsctl.entra.network import public_trust
from claimsctl.tap.connection import Connection
from claimsctl.tap.recorder import ExchangeSink
from claimsctl.tap.recording import RecordedExchange
from claimsctl.tap.upstream import Upstream

QUEUED_MAX: Final = 200
"""The number of exchanges that may wait for the judge."""
GRACE_SECONDS: Final = 2.0
"""How long current exchanges may take after the process is asked to end: Entra's longest wait."""


class Recorded(NamedTuple):
    """An item of the queue."""

    exchange: RecordedExchange
    dropped: int
    """How many exchanges before it did not fit into the queue."""


class QueueSink:
    """Numbers exchanges, and puts them into a queue that may be full."""

    def __init__(self, queue: "Queue[Recorded]") -> None:
        self._queue = queue
        self._count = 0
        self._dropped = 0

    def begin(self, began: float) -> RecordedExchange:
        """Return a new exchange."""
        self._count += 1
        return RecordedExchange(self._count, began=began)

    def publish(self, exchange: RecordedExchange) -> None:
        """Put a copy into the queue, if it is not full."""
        try:
            self._queue.put_nowait(Recorded(exchange.copy(), self._dropped))
        except Full:
            self._dropped += 1 if exchange.over else 0


def forward_in_process(
    listener: socket.socket,
    upstream: Upstream,
    hosts: frozenset[str],
    queue: "Queue[Recorded]",
    ready: Event,
) -> None:
    """Run the process until SIGTERM or the end of its parent process."""
    queue.cancel_join_thread()
    gc.collect()
    gc.freeze()  # so that a collection during a call does not scan imported objects
    with suppress(asyncio.CancelledError):
        asyncio.run(_forward_until_ended(listener, upstream, hosts, QueueSink(queue), ready))


async def _forward_until_ended(
    listener: socket.socket,
    upstream: Upstream,
    hosts: frozenset[str],
    sink: ExchangeSink,
    ready: Event,
) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None, "within a task"  # noqa: S101
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    parent = multiprocessing.parent_process()

    def end_with_parent() -> None:
        assert parent is not None, "started by another process"  # noqa: S101
        parent.join()
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(task.cancel)

    threading.Thread(target=end_with_parent, daemon=True).start()
    await forward(listener, upstream, sink, ready.set, hosts)


async def forward(
    listener: socket.socket,
    upstream: Upstream,
    sink: ExchangeSink,
    on_ready: Callable[[], None] = lambda: None,
    hosts: frozenset[str] = frozenset(),
) -> None:
    """Forward connections to `listener` until cancelled, then wait for current exchanges.

    `hosts` are the names that a request's Host may have in addition to this machine's; empty allows
    any.
    """
    connections: WeakSet[Connection] = (
        WeakSet()
    )  # a connection ends by itself when either side closes
    trust = public_trust()

    def connection() -> Connection:
        made = Connection(upstream, trust, sink, hosts)
        connections.add(made)
        return made

    server = await asyncio.get_running_loop().create_server(connection, sock=listener)
    on_ready()
    try:
        await asyncio.Event().wait()
    finally:
        server.close()
        give_up_at = time.monotonic() + GRACE_SECONDS
        while any(each.busy for each in connections) and time.monotonic() < give_up_at:  # noqa: ASYNC110  # once, at the end
            await asyncio.sleep(0.02)
        for each in list(connections):
            each.close()
        await asyncio.sleep(0)
