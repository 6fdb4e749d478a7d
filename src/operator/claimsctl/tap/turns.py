"""Handle the bytes of one side in bounded parts, so that no connection delays the others."""

import asyncio
from collections.abc import Callable
from typing import Final

TURN_BYTES_MAX: Final = 8 * 1024
"""The most that is handled in one turn of the event loop; larger than a callout."""


class Turns:
    """Bytes of one connection, in order. The rest waits for the loop's next turn."""

    def __init__(
        self,
        handle: Callable[[bytes], bytes],
        is_ready: Callable[[], bool] = lambda: True,
        on_waiting: Callable[[], None] = lambda: None,
    ) -> None:
        """`handle` returns the bytes for later; `is_ready` returns whether to call it.

        `on_waiting` is called when bytes start or stop waiting, so that the side is no longer read,
        or read again.
        """
        self._handle, self._is_ready, self._on_waiting = handle, is_ready, on_waiting
        self._waiting = bytearray()
        self._is_scheduled = False

    @property
    def are_waiting(self) -> bool:
        """Return whether bytes wait for their turn."""
        return bool(self._waiting)

    def add(self, data: bytes) -> None:
        """Handle the first part of `data` at once, unless earlier bytes wait."""
        self._waiting += data
        if not self._is_scheduled:
            self.go_on()

    def go_on(self) -> None:
        """Handle one part, if ready."""
        self._is_scheduled = False
        if self._waiting and self._is_ready():
            part = bytes(self._waiting[:TURN_BYTES_MAX])
            del self._waiting[:TURN_BYTES_MAX]
            self._waiting[:0] = self._handle(part)
        if self._waiting and self._is_ready():
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self.go_on)
        self._on_waiting()

    def go_on_soon(self) -> None:
        """Handle one part in the loop's next turn."""
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self.go_on)

    def finish(self) -> None:
        """Handle all waiting bytes, because no more will arrive."""
        while self._waiting and self._is_ready():
            part = bytes(self._waiting)
            self._waiting.clear()
            self._waiting[:0] = self._handle(part)

    def drop(self) -> None:
        """Discard the waiting bytes."""
        self._waiting.clear()
