"""A service that answers every callout immediately, to measure only the path to it.

Runs as a separate process, prints its port, and ends with its standard input.
"""

import asyncio
import sys
import threading

_CLAIMS = (
    b'{"data":{"@odata.type":"microsoft.graph.onTokenIssuanceStartResponseData","actions":[{'
    b'"@odata.type":"microsoft.graph.tokenIssuanceStart.provideClaimsForToken",'
    b'"claims":{"dateOfBirth":"2000-01-01","customRoles":["Writer"]}}]}}'
)
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
    len(_CLAIMS),
    _CLAIMS,
)


class _Service(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller has connected."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer at the end of a callout, which is a JSON object."""
        if data.rstrip().endswith(b"}"):
            self._transport.write(_ANSWER)  # type: ignore[attr-defined]


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Service, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    threading.Thread(target=lambda: asyncio.run(_serve()), daemon=True).start()
    sys.stdin.read()
