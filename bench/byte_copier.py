"""A forwarder that only copies bytes: the minimum that any proxy in Python adds.

Runs as a separate process with the port to forward to, prints its port, and ends with its standard
input.
"""

import asyncio
import sys
import threading


class _Service(asyncio.Protocol):
    def __init__(self, caller: "_Caller") -> None:
        self._caller = caller

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Send the bytes that have already arrived."""
        self._caller.service = transport
        transport.write(b"".join(self._caller.ahead))

    def data_received(self, data: bytes) -> None:
        """Copy."""
        self._caller.transport.write(data)

    def connection_lost(self, _exc: Exception | None) -> None:
        """End both."""
        self._caller.transport.close()


class _Caller(asyncio.Protocol):
    service: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Connect to the service."""
        self.transport = transport
        self.ahead: list[bytes] = []
        loop = asyncio.get_running_loop()
        connecting = loop.create_connection(lambda: _Service(self), "127.0.0.1", int(sys.argv[1]))
        self._connecting = loop.create_task(connecting)

    def data_received(self, data: bytes) -> None:
        """Copy."""
        if self.service is None:
            self.ahead.append(data)
        else:
            self.service.write(data)

    def connection_lost(self, _exc: Exception | None) -> None:
        """End both."""
        if self.service is not None:
            self.service.close()


async def _forward() -> None:
    server = await asyncio.get_running_loop().create_server(_Caller, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    threading.Thread(target=lambda: asyncio.run(_forward()), daemon=True).start()
    sys.stdin.read()
