"""Simulate a slow network: forward every byte to an engine after a delay.

Runs as a separate process with the engine's port and the milliseconds, prints its port, and ends
with its standard input.
"""

import asyncio
import socket
import sys
from contextlib import suppress

_CHUNK = 1 << 20


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
) -> None:
    loop = asyncio.get_running_loop()
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            if seconds:
                loop.call_later(seconds, writer.write, data)
            else:
                writer.write(data)
    loop.call_later(seconds, writer.close)


async def main(port: int, milliseconds: float) -> None:
    """Serve until standard input ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_engine = await asyncio.open_connection("127.0.0.1", port)
        for stream in (writer, to_engine[1]):
            stream.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(
            _pass_on(reader, to_engine[1], milliseconds / 1000), _pass_on(to_engine[0], writer, 0)
        )

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
