"""A caller's connection, and the connection to the service that belongs to it.

The bytes of each side are forwarded to the other. Both connections start and end together, so that
HTTP's connection handling is unchanged: keep-alive, a reset, a partial answer or silence comes from
the service or the caller.

Each connection handles one request at a time: further bytes of the caller wait until it is
answered. Each turn of the event loop handles a bounded amount of data, so that a caller delays the
others by at most one turn.
"""

import asyncio
import json
import math
import socket
import ssl
import struct
from contextlib import suppress
from typing import Final

import h11

from claimsctl.emulator.loopback import web_page_reason
from claimsctl.entra.network import Stopwatch
from claimsctl.tap.framing import NotHttpError, RequestFraming
from claimsctl.tap.recorder import ExchangeSink, Recorder
from claimsctl.tap.turns import Turns
from claimsctl.tap.upstream import NoConnectionError, Upstream, connect

AHEAD_BYTES_MAX: Final = 256 * 1024
"""The most that a caller may send before the service is connected."""
REST_SECONDS: Final = 0.2
"""How long a caller may continue sending a request that cannot be forwarded."""
HALF_CLOSED_SECONDS: Final = 120.0
"""How long to wait for an answer after the caller has closed its side."""
_FORBIDDEN: Final = 403
_BAD_REQUEST: Final = 400
_REFUSAL: Final = (
    "HTTP/1.1 {} {}\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\n"
    "Connection: close\r\n\r\n{}"
)
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing resets the connection."""


class Connection(asyncio.Protocol):
    """The caller's side, which owns the transport to the service."""

    def __init__(
        self,
        upstream: Upstream,
        trust: ssl.SSLContext,
        sink: ExchangeSink,
        hosts: frozenset[str] = frozenset(),
    ) -> None:
        """`hosts`: see `web_page_reason`."""
        self._upstream, self._trust, self._hosts = upstream, trust, hosts
        self._recorder = Recorder(sink)
        self._requests: RequestFraming | None = RequestFraming(upstream.shown_host.encode("ascii"))
        """``None`` after bytes that are not HTTP."""
        self._from_caller = Turns(self._request, self._may_request, self._balance)
        self._from_service = Turns(self._answer, on_waiting=self._balance)
        self._is_full = False
        """Whether the service accepts no more data for now."""
        self._is_slow = False
        """Whether the caller accepts no more data for now."""
        self._is_refused = False
        self._caller: asyncio.Transport | None = None
        self._caller_ended = False
        self._service: asyncio.Transport | None = None
        self._stopwatch = Stopwatch(math.inf)
        self._connecting: asyncio.Task[None] | None = None
        self._ahead: list[bytes] = []

    @property
    def busy(self) -> bool:
        """Return whether an exchange is in progress."""
        return self._recorder.open

    def close(self) -> None:
        """End both connections."""
        if self._connecting is not None:
            self._connecting.cancel()
        for transport in (self._caller, self._service):
            if transport is not None:
                transport.close()

    # What the caller does

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for mypy
        self._caller = transport

    def data_received(self, data: bytes) -> None:  # noqa: D102
        if not self._is_refused:
            self._from_caller.add(data)

    def _may_request(self) -> bool:
        """Return whether the caller's next bytes may be handled: a pending answer comes first."""
        return self._requests is None or self._recorder.arriving or not self._recorder.open

    def _request(self, data: bytes) -> bytes:
        """Handle bytes of at most one request, and return the rest."""
        if self._is_refused:
            return b""
        if self._requests is None:
            self._forward(data)
            return b""
        if not self._recorder.arriving and not self._requests.has_held:
            self._recorder.begin()
        try:
            part = self._requests.read(data)
        except NotHttpError as error:
            self._recorder.unreadable(error)
            if self._requests.begins_as_http:  # a web page's request must not pass unread
                self._refuse(
                    _BAD_REQUEST, "Bad Request", "the request's header section cannot be parsed"
                )
            else:
                self._stop_reading()
            return b""
        if part is None:
            return b""
        if part.request is not None and (reason := self._web_page_reason(part.request)):
            self._recorder.refused(part.request, reason, _FORBIDDEN)
            self._refuse(_FORBIDDEN, "Forbidden", f"not forwarded: {reason}")
            return b""
        self._forward(part.raw)
        self._recorder.forwarded(part, connected=self._service is not None)
        return self._requests.rest

    def _web_page_reason(self, request: h11.Request) -> str:
        headers = ((n.decode("latin-1"), v.decode("latin-1")) for n, v in request.headers)
        return web_page_reason(headers, self._hosts)

    def _refuse(self, status: int, phrase: str, detail: str) -> None:
        """Answer the caller instead of the service, and end the connection."""
        self._is_refused = True
        body = json.dumps({"status": status, "title": phrase, "detail": f"claimsctl tap: {detail}"})
        if self._caller is not None:
            self._caller.write(_REFUSAL.format(status, phrase, len(body), body).encode("ascii"))
            self._caller.close()

    def eof_received(self) -> bool:  # noqa: D102
        self._from_caller.finish()
        self._caller_ended = True
        self._recorder.caller_left(gone=False)
        if self._requests is not None and self._requests.has_held:
            self._stop_reading()  # the service gets only a part of the head
        unread = self._requests is None
        if self._service is not None:
            if not self._recorder.open and not unread:
                self._service.close()
                return False
            if self._service.can_write_eof():
                self._service.write_eof()
            elif unread or self._recorder.arriving:  # TLS cannot end one side only
                self._service.close()
        elif self._connecting is None:
            return False
        asyncio.get_running_loop().call_later(HALF_CLOSED_SECONDS, self.close)
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self._caller = None
        self._from_caller.drop()
        if self._connecting is not None:
            self._connecting.cancel()
        self._recorder.caller_left(gone=True)
        if self._service is not None:
            _end(self._service, reset=exc is not None)

    def pause_writing(self) -> None:  # noqa: D102
        self._is_slow = True
        self._balance()

    def resume_writing(self) -> None:  # noqa: D102
        self._is_slow = False
        self._balance()

    def pause_caller(self, *, paused: bool) -> None:
        """Stop or resume reading from the caller, depending on what the service accepts."""
        self._is_full = paused
        self._balance()

    def _balance(self) -> None:
        """Read from each side only while the other accepts data and nothing waits for its turn."""
        _read(self._caller, paused=self._is_full or self._from_caller.are_waiting)
        _read(self._service, paused=self._is_slow or self._from_service.are_waiting)

    # What the service does

    def connected(self, service: asyncio.Transport) -> None:
        """The service has accepted the connection."""
        self._stopwatch.stop()
        self._connecting = None
        self._service = service
        service.write(b"".join(self._ahead))
        self._ahead.clear()
        self._recorder.connected(self._stopwatch.timings)
        if self._caller_ended and service.can_write_eof():
            service.write_eof()
        self.pause_caller(paused=False)

    def answered(self, data: bytes) -> None:
        """Bytes from the service."""
        self._from_service.add(data)

    def _answer(self, data: bytes) -> bytes:
        """Handle bytes of the service, and return an empty rest."""
        if self._caller is not None:
            self._caller.write(data)
            if self._caller_ended and _is_reset(self._caller):
                self._recorder.not_taken()
        try:
            self._recorder.answered(data)
        except NotHttpError:
            self._stop_reading()
        if self._caller_ended and not self._recorder.open and self._requests is not None:
            self.close()
        elif self._from_caller.are_waiting:
            self._from_caller.go_on_soon()
        return b""

    def service_ended(self, error: Exception | None = None) -> None:
        """The service has closed the connection, or with `error`, broken it."""
        self._from_service.finish()
        self._recorder.service_ended(error)
        if self._caller is not None:
            _end(self._caller, reset=error is not None)

    def service_lost(self, error: Exception | None) -> None:
        """The connection to the service has ended."""
        self._service = None
        self.service_ended(error)

    # Between them

    def _forward(self, raw: bytes) -> None:
        if self._service is not None:
            self._service.write(raw)
            return
        self._ahead.append(raw)
        if self._connecting is None:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())
        if sum(map(len, self._ahead)) > AHEAD_BYTES_MAX:
            self.pause_caller(paused=True)

    async def _connect(self) -> None:
        self._stopwatch = Stopwatch(math.inf)
        try:
            await connect(self._upstream, self._trust, lambda: _ServiceSide(self), self._stopwatch)
        except NoConnectionError as error:
            self._stopwatch.stop()
            self._recorder.connected(self._stopwatch.timings, ready=False)
            with suppress(TimeoutError):  # so that the callout is recorded
                await asyncio.wait_for(self._recorder.arrived.wait(), REST_SECONDS)
            self._recorder.end_all(error.no_answer)
            if self._caller is not None:
                self._caller.close()

    def _stop_reading(self) -> None:
        """Forward all further bytes unread, those held first."""
        held = self._requests.held if self._requests is not None else b""
        self._requests = None
        if held:
            self._forward(held)
        if self._from_caller.are_waiting:
            self._from_caller.go_on_soon()


class _ServiceSide(asyncio.Protocol):
    """The service's side: forwards the service's events."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for mypy
        self._connection.connected(transport)

    def data_received(self, data: bytes) -> None:
        self._connection.answered(data)

    def eof_received(self) -> None:
        self._connection.service_ended()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.service_lost(exc)

    def pause_writing(self) -> None:
        self._connection.pause_caller(paused=True)

    def resume_writing(self) -> None:
        self._connection.pause_caller(paused=False)


def _read(transport: asyncio.Transport | None, *, paused: bool) -> None:
    """Resume or pause reading from `transport`."""
    if transport is not None and not transport.is_closing():
        (transport.pause_reading if paused else transport.resume_reading)()


def _is_reset(transport: asyncio.Transport) -> bool:
    """Return whether the last write was answered with a reset, which is immediate on loopback."""
    sock = transport.get_extra_info("socket")
    return sock is not None and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0


def _end(transport: asyncio.Transport, *, reset: bool) -> None:
    """Close `transport` after writing buffered data, or at once with a reset."""
    if not reset:
        transport.close()
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
