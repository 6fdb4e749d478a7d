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
import time
from collections import deque
from contextlib import suppress
from typing import Final, Protocol

from claimsctl.entra.attempt import Cause, NoAnswer, Phase
from claimsctl.entra.network import Stopwatch
from claimsctl.tap.boundaries import Answers, NotHttpError, Piece, Requests
from claimsctl.tap.service import NoConnectionError, Service, connect
from claimsctl.tap.sighting import Sighting

AHEAD_BYTES_MAX: Final = 256 * 1024
"""What a caller may send before the service is connected."""
LEFT_SECONDS: Final = 120.0
"""How long a service is still listened to when its caller has closed his side."""
REST_SECONDS: Final = 0.2
"""How long a caller may go on sending its request when there is nobody to forward it to."""
LONG_SECONDS: Final = 0.25
"""An exchange that takes longer is told before it is over."""
_RESET = struct.pack("ii", 1, 0)


class Recorder(Protocol):
    """Who hears of the exchanges."""

    def begin(self, began: float) -> Sighting:
        """A new one, whose first byte came at `began`."""

    def tell(self, sighting: Sighting) -> None:
        """What it is now. Never raises, never waits."""


class Link(asyncio.Protocol):
    """The caller's side, and the service's transport."""

    def __init__(self, service: Service, trust: ssl.SSLContext, recorder: Recorder) -> None:
        self._service, self._trust, self._recorder = service, trust, recorder
        self._requests: Requests | None = Requests(service.shown_host.encode("ascii"))
        """``None`` once it is no HTTP that passes."""
        self._answers: Answers | None = None
        self._open: deque[Sighting] = deque()
        """Exchanges without a whole answer, in the order of their requests."""
        self._arriving: Sighting | None = None
        """The exchange whose request is not whole yet."""
        self._arrived = asyncio.Event()
        """No request is on its way."""
        self._first_byte_at = 0.0
        self._caller: asyncio.Transport | None = None
        self._caller_ended = False
        self._upstream: asyncio.Transport | None = None
        self._watch = Stopwatch(math.inf)
        self._connecting: asyncio.Task[None] | None = None
        self._ahead: list[bytes] = []

    @property
    def busy(self) -> bool:
        """Whether an exchange is under way."""
        return bool(self._open)

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
        if self._arriving is None and not self._requests.held:
            self._first_byte_at = time.perf_counter()
        try:
            for piece in self._requests.read(data):
                self._forward(piece.raw)
                self._note(piece)
        except NotHttpError as error:
            if not self._open:
                strange = self._recorder.begin(self._first_byte_at)
                strange.end(NoAnswer(Cause.PROTOCOL, Phase.SEND, str(error)))
                self._recorder.tell(strange)
            self._read_no_more()

    def eof_received(self) -> bool:  # noqa: D102
        self._caller_ended = True
        self._note_leaving()
        if self._requests is not None and self._requests.held:
            self._read_no_more()  # half a head is what the service gets
        unread = self._requests is None
        if self._upstream is not None:
            if not self._open and not unread:
                self._upstream.close()
                return False
            if self._upstream.can_write_eof():
                self._upstream.write_eof()
            elif unread or self._arriving is not None:  # TLS cannot end one side only
                self._upstream.close()
        elif self._connecting is None:
            return False
        asyncio.get_running_loop().call_later(LEFT_SECONDS, self.close)
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self._caller = None
        if self._connecting is not None:
            self._connecting.cancel()
        self._note_leaving(gone=True)
        self._open.clear()
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
        now = time.perf_counter()
        for sighting in self._open:
            sighting.connecting = dict(self._watch.timings)
            sighting.connected = now
            sighting.sent = None if sighting is self._arriving else now
        if self._caller_ended and upstream.can_write_eof():
            upstream.write_eof()
        self.pause_caller(paused=False)

    def answered(self, data: bytes) -> None:
        """Bytes from the service."""
        if self._caller is not None:
            self._caller.write(data)
        while data and self._open:
            sighting = self._open[0]
            self._answers = self._answers or Answers(sighting.method)
            sighting.first_byte = sighting.first_byte or time.perf_counter()
            try:
                ended = self._answers.read(data, sighting)
            except NotHttpError as error:
                self._end_all(NoAnswer(Cause.PROTOCOL, sighting.phase, str(error)))
                self._read_no_more()
                return
            if not ended:
                return
            data = self._answers.rest
            self._end_first()

    def service_lost(self, error: Exception | None) -> None:
        """The connection to the service is no more."""
        self._upstream = None
        self.service_ended(error)

    def service_ended(self, error: Exception | None = None) -> None:
        """The service has closed the connection, or (with `error`) broken it."""
        if self._open and self._answers is not None and error is None:
            try:
                if self._answers.read(b"", self._open[0]):
                    self._end_first()
            except NotHttpError as cut:
                self._end_all(NoAnswer(Cause.CLOSED, Phase.BODY, str(cut)))
        if self._open:
            detail = "the service closed the connection" if error is None else str(error)
            self._end_all(NoAnswer(Cause.CLOSED, self._open[0].phase, detail))
        if self._caller is not None:
            _end(self._caller, reset=error is not None)

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
            for sighting in self._open:
                sighting.connecting = dict(self._watch.timings)
            with suppress(TimeoutError):  # to know whose callout it was
                await asyncio.wait_for(self._arrived.wait(), REST_SECONDS)
            self._end_all(error.no_answer)
            if self._caller is not None:
                self._caller.close()

    def _note(self, piece: Piece) -> None:
        """What has just been forwarded."""
        if piece.request is not None:
            begun = self._recorder.begin(self._first_byte_at)
            begun.take_request(piece.request)
            if self._upstream is not None:
                begun.connected = self._first_byte_at
            self._arriving = begun
            self._arrived.clear()
            self._open.append(begun)
            asyncio.get_running_loop().call_later(LONG_SECONDS, self._tell_if_open, begun)
        sighting = self._arriving
        assert sighting is not None, "a body follows its head"  # noqa: S101
        sighting.request.take(piece.content)
        if piece.ended:
            sighting.sent = None if self._upstream is None else time.perf_counter()
            sighting.arrived = True
            self._arriving = None
            self._arrived.set()

    def _tell_if_open(self, sighting: Sighting) -> None:
        if not sighting.over:
            self._recorder.tell(sighting)

    def _note_leaving(self, *, gone: bool = False) -> None:
        """The caller has closed its side, or is `gone`; an answer that still comes is told too."""
        for sighting in self._open:
            sighting.left = sighting.left or time.perf_counter()
            if not sighting.over and (gone or sighting.given_up_ms is not None):
                detail = f"the caller closed the connection after {sighting.total_ms:.0f} ms"
                sighting.end(NoAnswer(Cause.TIMEOUT, sighting.phase, detail))
                self._recorder.tell(sighting)

    def _end_first(self) -> None:
        sighting = self._open.popleft()
        self._answers = None
        sighting.end()
        self._recorder.tell(sighting)
        if self._caller_ended and not self._open:
            self.close()

    def _end_all(self, no_answer: NoAnswer) -> None:
        while self._open:
            sighting = self._open.popleft()
            if not sighting.over:
                sighting.end(no_answer)
                self._recorder.tell(sighting)

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
