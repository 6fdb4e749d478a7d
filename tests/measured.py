"""Time that a test measures, less what a machine that is busy with something else takes of it."""

import time
from contextlib import suppress
from pathlib import Path


class Measured:
    """What takes its time from here on: how long by the clock, and how long without the machine.

    `process` is whose time it is, this one's unless its id is given.
    """

    def __init__(self, process: int | str = "self") -> None:
        self._threads = Path(f"/proc/{process}/task")
        self._began = time.monotonic()
        self._waited = self._waits()

    def elapsed_ms(self) -> float:
        """Milliseconds so far. Never too few; a busy machine may add any number."""
        return (time.monotonic() - self._began) * 1000

    def own_ms(self) -> float:
        """Milliseconds so far without those in which a thread had to wait for a processor.

        What a test asserts to be over in time is over by this clock on any machine: to sleep, to
        hang on a socket and to compute count in full.
        """
        return self.elapsed_ms() - self.waited_ms()

    def waited_ms(self) -> float:
        """Milliseconds that its threads had to wait for a processor, summed."""
        waits = self._waits().items()
        return sum(waited - self._waited.get(thread, 0) for thread, waited in waits) / 1e6

    def _waits(self) -> dict[str, int]:
        """For how many nanoseconds each thread has been ready to run and did not.

        As Linux's scheduler counts them; nothing elsewhere, where a busy machine may fail a test.
        """
        waits = {}
        for thread in self._threads.glob("*/schedstat"):
            with suppress(OSError):  # it has ended meanwhile
                waits[thread.parent.name] = int(thread.read_text().split()[1])
        return waits
