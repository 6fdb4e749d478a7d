"""Time that a test measures, less what a machine that is busy with something else takes of it."""

import time
from contextlib import suppress
from pathlib import Path

_THREADS = Path("/proc/self/task")


class Measured:
    """What takes its time from here on: how long by the clock, and how long without the machine."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._waited = _waits()

    def elapsed_ms(self) -> float:
        """Milliseconds so far. Never too few; a busy machine may add any number."""
        return (time.monotonic() - self._began) * 1000

    def own_ms(self) -> float:
        """Milliseconds so far without those in which a thread of ours had to wait for a processor.

        What a test asserts to be over in time is over by this clock on any machine: to sleep, to
        hang on a socket and to compute count in full. Only for what happens in this process.
        """
        return self.elapsed_ms() - self.waited_ms()

    def waited_ms(self) -> float:
        """Milliseconds that threads of ours had to wait for a processor, summed."""
        waits = _waits().items()
        return sum(waited - self._waited.get(thread, 0) for thread, waited in waits) / 1e6


def _waits() -> dict[str, int]:
    """For how many nanoseconds each thread of this process has been ready to run and did not.

    As Linux's scheduler counts them; nothing elsewhere, where a busy machine may fail a test.
    """
    waits = {}
    for thread in _THREADS.glob("*/schedstat"):
        with suppress(OSError):  # it has ended meanwhile
            waits[thread.parent.name] = int(thread.read_text().split()[1])
    return waits
