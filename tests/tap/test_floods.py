"""A flood from one caller delays the others by a limited number of turns."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from claimsctl.tap.process import forward
from claimsctl.tap.recording import RecordedExchange
from claimsctl.tap.turns import TURN_BYTES_MAX
from claimsctl.tap.upstream import parse_upstream

from tests.tap.services import GOOD, HOST, REQUEST, SECONDS

PIPELINED = 10_000
TURNS_MAX = 40
"""What one exchange takes, connecting included, when nobody else is there, and some more."""


class CountingSink:
    """Counts what is begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.refused = 0

    def begin(self, began: float) -> RecordedExchange:
        """One more."""
        self.begun += 1
        return RecordedExchange(self.begun, began=began)

    def publish(self, exchange: RecordedExchange) -> None:
        """Count the refused ones."""
        self.refused += bool(exchange.refused)


class Turns:
    """Counts the turns of the event loop."""

    def __init__(self) -> None:
        self.count = 0
        self._handle = asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self.count += 1
        self._handle = asyncio.get_running_loop().call_soon(self._turn)

    def stop(self) -> None:
        """Count no more."""
        self._handle.cancel()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().rpartition(b"content-length: ")[2].split(b"\r")[0]
            if b"chunked" in head.lower():
                await reader.readuntil(b"0\r\n\r\n")
            elif length.isdigit():
                await reader.readexactly(int(length))
            writer.write(GOOD)
    writer.transport.abort()


Scene = Callable[[int, CountingSink], Awaitable[None]]


def play(scene: Scene, hosts: frozenset[str] = frozenset()) -> None:
    """Run `scene` with the port of a tap in the same loop, and what it begins."""

    async def whole() -> None:
        sink, listener = CountingSink(), socket.create_server((HOST, 0))
        service = await asyncio.start_server(_serve, HOST, 0)
        url = f"http://{HOST}:{service.sockets[0].getsockname()[1]}"
        task = asyncio.create_task(forward(listener, parse_upstream(url), sink, hosts=hosts))
        try:
            async with asyncio.timeout(SECONDS):
                await scene(listener.getsockname()[1], sink)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            service.close()
            await asyncio.sleep(0.05)  # connections end

    asyncio.run(whole())


FLOODS = {
    "pipelined": REQUEST * PIPELINED,
    "small-chunks": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"1\r\na\r\n" * 400_000,
    "many-headers": b"POST / HTTP/1.1\r\nHost: x\r\n" + b"a:\r\n" * 600_000,
    "a-long-header": b"POST / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 60_000 + b"\r\n\r\n",
    "not-http": b"\x00" * 4_000_000,
    "a-large-body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n"
    + b"a" * 4_000_000,
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_a_flood_delays_nobody_else(flood: bytes) -> None:
    """During a flood, a callout is answered within a few short turns."""

    async def scene(port: int, sink: CountingSink) -> None:
        _, flooding = await asyncio.open_connection(HOST, port)
        flooding.write(flood)
        for _ in range(20):
            await asyncio.sleep(0)
        turns, begun = Turns(), sink.begun
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(REQUEST)
        assert GOOD == await reader.readexactly(len(GOOD))
        turns.stop()
        assert turns.count <= TURNS_MAX
        assert sink.begun - begun <= turns.count
        for each in (writer, flooding):
            each.transport.abort()

    play(scene)


def test_one_request_of_a_connection_is_under_way() -> None:
    """Pipelined requests are started one after the other."""
    count = 200

    async def scene(port: int, sink: CountingSink) -> None:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(REQUEST * count)
        for answered in range(count):
            assert sink.begun <= answered + 1
            assert GOOD == await reader.readexactly(len(GOOD))
        assert count == sink.begun
        writer.transport.abort()

    play(scene)


def test_a_turn_handles_a_bounded_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most the limit is read at once from each side."""
    sizes: list[int] = []
    read = "claimsctl.tap.framing.RequestFraming.read"
    from claimsctl.tap.framing import RequestFraming  # noqa: PLC0415  # patched below

    original = RequestFraming.read

    def noted(self: RequestFraming, data: bytes) -> object:
        sizes.append(len(data))
        return original(self, data)

    monkeypatch.setattr(read, noted)

    async def scene(port: int, _: CountingSink) -> None:
        body = b"a" * 1_000_000
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert GOOD == await reader.readexactly(len(GOOD))
        writer.transport.abort()

    play(scene)
    assert TURN_BYTES_MAX == max(sizes)


@pytest.mark.parametrize("name", ["Origin", "sec-fetch-site", "Sec-Fetch-Mode"])
def test_a_web_pages_request_is_refused(name: str) -> None:
    """It is answered with 403 and not forwarded; the list says why."""

    async def scene(port: int, sink: CountingSink) -> None:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(REQUEST.replace(b"X-Odd", name.encode() + b": null\r\nX-Odd"))
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
        assert name.lower().encode() in answer
        assert 1 == sink.refused
        writer.close()

    play(scene)


def test_another_host_is_refused_where_hosts_are_named() -> None:
    """A page whose name resolves to this machine sends that name; the tunnel sends its own."""

    async def scene(port: int, sink: CountingSink) -> None:
        for host, expected in (("tunnel.example", b"200"), ("page.example:80", b"403")):
            reader, writer = await asyncio.open_connection(HOST, port)
            writer.write(REQUEST.replace(b"tunnel.example", host.encode()))
            assert expected == (await reader.readuntil(b"\r\n")).split()[1]
            writer.transport.abort()
        assert 1 == sink.refused

    play(scene, hosts=frozenset({"tunnel.example"}))
