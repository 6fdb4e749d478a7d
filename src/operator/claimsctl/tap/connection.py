"""One caller's connection and one to the service: what comes from either goes to the other.

They live and end together, so that nothing of HTTP's connection handling need be changed:
keep-alive, a reset, half an answer, silence are the service's own, or the caller's. What passes is
written first and looked at afterwards.
"""

import asyncio
import math
import socket
import ssl
import struct
from contextlib import suppress
from typing import Final

from claimsctl.entra.network import Stopwatch
from claimsctl.tap.framing import NotHttpError, Requests
from claimsctl.tap.recorder import Logbook, Recorder
from claimsctl.tap.upstream import NoConnectionError, Service, connect

AHEAD_BYTES_MAX: Final = 256 * 1024
"""What a caller may send before the service is connected."""
REST_SECONDS: Final = 0.2
"""How long a caller may go on sending its request when there is nobody to forward it to."""
LEFT_SECONDS: Final = 120.0
"""How long a service is still listened to when its caller has closed his side."""
_RESET = struct.pack("ii", 1, 0)


class Link(asyncio.Protocol):
    """The caller's side, and the service's transport."""

    def __init__(self, service: Service, trust: ssl.SSLContext, recorder: Recorder) -> None:
        self._service, self._trust = service, trust
        self._log = Logbook(recorder)
        self._requests: Requests | None = Requests(service.shown_host.encode("ascii"))
        """``None`` once it is no HTTP that passes."""
        self._caller: asyncio.Transport | None = None
        self._caller_ended = False
        self._upstream: asyncio.Transport | None = None
        self._watch = Stopwatch(math.inf)
        self._connecting: asyncio.Task[None] | None = None
        self._ahead: list[bytes] = []

    @property
    def busy(self) -> bool:
        """Whether an exchange is under way."""
        return self._log.open

    def close(self) -> None:
        """End both connections."""
        if self._connecting is not None:
            self._connecting.cancel()
        for transport in (self._caller, self._upstream):
            if transport is not None:
                transport.close()

    # What the caller does

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for mypy
        self._caller = transport

    def data_received(self, data: bytes) -> None:  # noqa: D102
        if self._requests is None:
            self._forward(data)
            return
        if not self._log.arriving and not self._requests.held:
            self._log.begin()
        try:
            for piece in self._requests.read(data):
                self._forward(piece.raw)
                self._log.forwarded(piece, connected=self._upstream is not None)
        except NotHttpError as error:
            self._log.unreadable(error)
            self._read_no_more()

    def eof_received(self) -> bool:  # noqa: D102
        self._caller_ended = True
        self._log.left(gone=False)
        if self._requests is not None and self._requests.held:
            self._read_no_more()  # half a head is what the service gets
        unread = self._requests is None
        if self._upstream is not None:
            if not self._log.open and not unread:
                self._upstream.close()
                return False
            if self._upstream.can_write_eof():
                self._upstream.write_eof()
            elif unread or self._log.arriving:  # TLS cannot end one side only
                self._upstream.close()
        elif self._connecting is None:
            return False
        asyncio.get_running_loop().call_later(LEFT_SECONDS, self.close)
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self._caller = None
        if self._connecting is not None:
            self._connecting.cancel()
        self._log.left(gone=True)
        if self._upstream is not None:
            _end(self._upstream, reset=exc is not None)

    def pause_writing(self) -> None:  # noqa: D102
        if self._upstream is not None:
            self._upstream.pause_reading()

    def resume_writing(self) -> None:  # noqa: D102
        if self._upstream is not None:
            self._upstream.resume_reading()

    def pause_caller(self, *, paused: bool) -> None:
        """The service takes no more, or takes again."""
        if self._caller is not None:
            (self._caller.pause_reading if paused else self._caller.resume_reading)()

    # What the service does

    def connected(self, upstream: asyncio.Transport) -> None:
        """The service has accepted the connection."""
        self._watch.stop()
        self._connecting = None
        self._upstream = upstream
        upstream.write(b"".join(self._ahead))
        self._ahead.clear()
        self._log.connected(self._watch.timings)
        if self._caller_ended and upstream.can_write_eof():
            upstream.write_eof()
        self.pause_caller(paused=False)

    def answered(self, data: bytes) -> None:
        """Bytes from the service."""
        if self._caller is not None:
            self._caller.write(data)
        try:
            self._log.answered(data)
        except NotHttpError:
            self._read_no_more()
        if self._caller_ended and not self._log.open and self._requests is not None:
            self.close()

    def service_ended(self, error: Exception | None = None) -> None:
        """The service has closed the connection, or (with `error`) broken it."""
        self._log.service_ended(error)
        if self._caller is not None:
            _end(self._caller, reset=error is not None)

    def service_lost(self, error: Exception | None) -> None:
        """The connection to the service is no more."""
        self._upstream = None
        self.service_ended(error)

    # Between them

    def _forward(self, raw: bytes) -> None:
        if self._upstream is not None:
            self._upstream.write(raw)
            return
        self._ahead.append(raw)
        if self._connecting is None:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())
        if sum(map(len, self._ahead)) > AHEAD_BYTES_MAX:
            self.pause_caller(paused=True)

    async def _connect(self) -> None:
        self._watch = Stopwatch(math.inf)
        try:
            await connect(self._service, self._trust, lambda: _ServiceSide(self), self._watch)
        except NoConnectionError as error:
            self._watch.stop()
            self._log.connected(self._watch.timings, ready=False)
            with suppress(TimeoutError):  # to know whose callout it was
                await asyncio.wait_for(self._log.arrived.wait(), REST_SECONDS)
            self._log.end_all(error.no_answer)
            if self._caller is not None:
                self._caller.close()

    def _read_no_more(self) -> None:
        """From here on bytes pass unread: those held first."""
        held = self._requests.held if self._requests is not None else b""
        self._requests = None
        if held:
            self._forward(held)


class _ServiceSide(asyncio.Protocol):
    """What the service does, told to the link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for mypy
        self._link.connected(transport)

    def data_received(self, data: bytes) -> None:
        self._link.answered(data)

    def eof_received(self) -> None:
        self._link.service_ended()

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.service_lost(exc)

    def pause_writing(self) -> None:
        self._link.pause_caller(paused=True)

    def resume_writing(self) -> None:
        self._link.pause_caller(paused=False)


def _end(transport: asyncio.Transport, *, reset: bool) -> None:
    """Close `transport` after what is still to be written, or at once with a reset."""
    if not reset:
        transport.close()
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
