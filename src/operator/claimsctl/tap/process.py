"""The process that forwards: it does nothing else, so that nothing else can hold it up.

Judging, the list and the page are in the process that has started it. What it sees goes there
through a queue; when that is full, it is counted instead.
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
from weakref import WeakSet

from claimsctl.entra.network import public_trust
from claimsctl.tap.connection import Link
from claimsctl.tap.recorder import Recorder
from claimsctl.tap.recording import Sighting
from claimsctl.tap.upstream import Service

QUEUED_MAX = 200
"""Exchanges that wait for being judged."""
GRACE_SECONDS = 2.0
"""What exchanges under way have when the end is asked for: as long as Entra waits."""

Told = tuple[Sighting, int]
"""An exchange, and how many before it could not be told."""


class QueueRecorder:
    """Numbers exchanges, and tells them to a queue that may be full."""

    def __init__(self, queue: "Queue[Told]") -> None:
        self._queue = queue
        self._count = 0
        self._untold = 0

    def begin(self, began: float) -> Sighting:
        """A new exchange."""
        self._count += 1
        return Sighting(self._count, began=began)

    def tell(self, sighting: Sighting) -> None:
        """Put it into the queue, if there is room."""
        try:
            self._queue.put_nowait((sighting.copy(), self._untold))
        except Full:
            self._untold += 1 if sighting.over else 0


async def forward(
    listener: socket.socket,
    service: Service,
    recorder: Recorder,
    tell_ready: Callable[[], None] = lambda: None,
) -> None:
    """Forward what comes to `listener`, until cancelled; exchanges under way are then waited for.

    A link ends with its connections, whoever closes them first.
    """
    links: WeakSet[Link] = WeakSet()
    trust = public_trust()

    def link() -> Link:
        made = Link(service, trust, recorder)
        links.add(made)
        return made

    server = await asyncio.get_running_loop().create_server(link, sock=listener)
    tell_ready()
    try:
        await asyncio.Event().wait()
    finally:
        server.close()
        give_up_at = time.monotonic() + GRACE_SECONDS
        while any(other.busy for other in links) and time.monotonic() < give_up_at:  # noqa: ASYNC110  # once, at the end
            await asyncio.sleep(0.02)
        for other in list(links):
            other.close()
        await asyncio.sleep(0)


def forward_in_process(
    listener: socket.socket, service: Service, queue: "Queue[Told]", ready: Event
) -> None:
    """The whole life of the process: ends on SIGTERM, or with the one that has started it."""
    queue.cancel_join_thread()
    gc.collect()
    gc.freeze()  # what has been imported need not be looked through again, in the midst of a call
    with suppress(asyncio.CancelledError):
        asyncio.run(_forward_until_told(listener, service, QueueRecorder(queue), ready))


async def _forward_until_told(
    listener: socket.socket, service: Service, recorder: Recorder, ready: Event
) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None, "within a task"  # noqa: S101
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    parent = multiprocessing.parent_process()

    def watch_parent() -> None:
        assert parent is not None, "started by another process"  # noqa: S101
        parent.join()
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(task.cancel)

    threading.Thread(target=watch_parent, daemon=True).start()
    await forward(listener, service, recorder, ready.set)
