"""Record the exchanges of one connection, each from its first byte to its end."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from typing import Final, Protocol

import h11

from claimsctl.judge.attempt import Cause, NoAnswer, Phase
from claimsctl.tap.framing import NotHttpError, RequestPart, ResponseFraming, not_http_reason
from claimsctl.tap.recording import RecordedExchange

LONG_SECONDS: Final = 0.25
"""An exchange that takes longer is also published before it ends."""


class ExchangeSink(Protocol):
    """The destination of exchanges, shared by all connections."""

    def begin(self, began: float) -> RecordedExchange:
        """Return a new exchange whose first byte arrived at `began`."""

    def publish(self, exchange: RecordedExchange) -> None:
        """Publish the exchange in its current state. Never raises or blocks."""


class Recorder:
    """The exchanges of one pair of connections."""

    def __init__(self, sink: ExchangeSink) -> None:
        self._sink = sink
        self._answer: ResponseFraming | None = None
        self._open: deque[RecordedExchange] = deque()
        """Exchanges without a complete answer, in the order of their requests."""
        self._arriving: RecordedExchange | None = None
        """The exchange whose request is not complete yet."""
        self._first_byte_at = 0.0
        self.arrived = asyncio.Event()
        """Set while no request is arriving."""

    @property
    def open(self) -> bool:
        """Return whether an answer is pending."""
        return bool(self._open)

    @property
    def arriving(self) -> bool:
        """Return whether a request is arriving."""
        return self._arriving is not None

    # The caller's side

    def begin(self) -> None:
        """The first byte of a request has arrived."""
        self._first_byte_at = time.perf_counter()

    def forwarded(self, part: RequestPart, *, connected: bool) -> None:
        """`part` has been forwarded, or will be if not yet `connected`."""
        if part.request is not None:
            begun = self._sink.begin(self._first_byte_at)
            begun.add_request_head(part.request)
            begun.connected = self._first_byte_at if connected else None
            self._arriving = begun
            self.arrived.clear()
            self._open.append(begun)
            asyncio.get_running_loop().call_later(LONG_SECONDS, self._publish_if_open, begun)
        exchange = self._arriving
        assert exchange is not None, "a body follows its head"  # noqa: S101
        exchange.request.add(part.content)
        if part.ended:
            exchange.sent = time.perf_counter() if connected else None
            exchange.arrived = True
            self._arriving = None
            self.arrived.set()

    def unreadable(self, error: NotHttpError) -> None:
        """The caller's bytes are not HTTP."""
        if not self._open:
            exchange = self._sink.begin(self._first_byte_at)
            exchange.end(NoAnswer(Cause.PROTOCOL, Phase.SEND, not_http_reason(error)))
            self._sink.publish(exchange)

    def refused(self, request: h11.Request, reason: str, status: int) -> None:
        """The request was not forwarded; the caller gets `status`."""
        exchange = self._sink.begin(self._first_byte_at)
        exchange.add_request_head(request)
        exchange.status, exchange.refused = status, reason
        exchange.end()
        self._sink.publish(exchange)

    def caller_left(self, *, gone: bool) -> None:
        """The caller has closed its side, or is `gone`. A later answer is published too."""
        for exchange in self._open:
            exchange.left = exchange.left or time.perf_counter()
            exchange.gone = exchange.gone or gone
            if not exchange.over and exchange.given_up_ms is not None:
                detail = f"the caller closed the connection after {exchange.total_ms:.0f} ms"
                exchange.end(NoAnswer(Cause.TIMEOUT, exchange.phase, detail))
                self._sink.publish(exchange)
        if gone:
            self._open.clear()

    def not_taken(self) -> None:
        """The caller, which had closed its side, does not accept the answer."""
        for exchange in self._open:
            exchange.gone = True

    # The service's side

    def connected(self, timings: Mapping[Phase, float], *, ready: bool = True) -> None:
        """Record the connection's times; with `ready`, earlier bytes have been forwarded."""
        now = time.perf_counter()
        for exchange in self._open:
            exchange.connecting = dict(timings)
            if ready:
                exchange.connected = now
                exchange.sent = None if exchange is self._arriving else now

    def answered(self, data: bytes) -> None:
        """Record forwarded bytes of the service. Raises `NotHttpError` if they are not HTTP."""
        while data and self._open:
            exchange = self._open[0]
            self._answer = self._answer or ResponseFraming(exchange.method)
            exchange.first_byte = exchange.first_byte or time.perf_counter()
            try:
                ended = self._answer.read(data, exchange)
            except NotHttpError as error:
                self.end_all(NoAnswer(Cause.PROTOCOL, exchange.phase, not_http_reason(error)))
                raise
            if not ended:
                return
            data = self._answer.rest
            self._end_first()

    def service_ended(self, error: Exception | None) -> None:
        """The service has closed the connection, or with `error`, broken it."""
        if self._open and self._answer is not None and error is None:
            try:
                if self._answer.read(b"", self._open[0]):
                    self._end_first()
            except NotHttpError as cut:
                self._end_unanswered(NoAnswer(Cause.CLOSED, Phase.BODY, not_http_reason(cut)))
        if self._open:
            detail = "the service closed the connection" if error is None else str(error)
            self._end_unanswered(NoAnswer(Cause.CLOSED, self._open[0].phase, detail))

    def _end_unanswered(self, no_answer: NoAnswer) -> None:
        """The service ends without an answer, perhaps because the caller has disconnected."""
        if self._open[0].left is not None:
            self.caller_left(gone=True)
        else:
            self.end_all(no_answer)

    def end_all(self, no_answer: NoAnswer) -> None:
        """End all exchanges: no more answers will arrive."""
        while self._open:
            exchange = self._open.popleft()
            if not exchange.over:
                exchange.end(no_answer)
                self._sink.publish(exchange)

    def _end_first(self) -> None:
        exchange = self._open.popleft()
        self._answer = None
        exchange.end()
        self._sink.publish(exchange)

    def _publish_if_open(self, exchange: RecordedExchange) -> None:
        if not exchange.over:
            self._sink.publish(exchange)
