"""What comes from one side, handled a bounded part at a time: nobody holds up the others."""

import asyncio
from collections.abc import Callable
from typing import Final

TURN_BYTES_MAX: Final = 8 * 1024
"""What is handled in one turn of the event loop: more than a callout has."""


class Turns:
    """Bytes of one connection, in the order they came. The rest waits for the loop's next turn."""

    def __init__(
        self,
        handle: Callable[[bytes], bytes],
        is_ready: Callable[[], bool] = lambda: True,
        on_waiting: Callable[[], None] = lambda: None,
    ) -> None:
        """`handle` returns what it leaves for later, `is_ready` says whether it may be called.

        `on_waiting` is called when bytes begin or cease to wait: then the side should be read no
        more, or again.
        """
        self._handle, self._is_ready, self._on_waiting = handle, is_ready, on_waiting
        self._waiting = bytearray()
        self._is_scheduled = False

    @property
    def are_waiting(self) -> bool:
        """Whether bytes wait for their turn."""
        return bool(self._waiting)

    def add(self, data: bytes) -> None:
        """Handle the first part of `data` at once, unless others wait."""
        self._waiting += data
        if not self._is_scheduled:
            self.go_on()

    def go_on(self) -> None:
        """Handle one part, if it is time."""
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
        """The same, in the loop's next turn."""
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self.go_on)

    def finish(self) -> None:
        """Handle all that waits: nothing more will come."""
        while self._waiting and self._is_ready():
            part = bytes(self._waiting)
            self._waiting.clear()
            self._waiting[:0] = self._handle(part)

    def drop(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
