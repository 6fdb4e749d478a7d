"""What passes on one link, noted: each exchange from its first byte to its end."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from typing import Final, Protocol

from claimsctl.judge.attempt import Cause, NoAnswer, Phase
from claimsctl.tap.framing import Answers, NotHttpError, Piece
from claimsctl.tap.recording import Sighting

LONG_SECONDS: Final = 0.25
"""An exchange that takes longer is told before it is over."""


class Recorder(Protocol):
    """Who hears of the exchanges."""

    def begin(self, began: float) -> Sighting:
        """A new one, whose first byte came at `began`."""

    def tell(self, sighting: Sighting) -> None:
        """What it is now. Never raises, never waits."""


class Logbook:
    """The exchanges of one pair of connections."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._answers: Answers | None = None
        self._open: deque[Sighting] = deque()
        """Exchanges without a whole answer, in the order of their requests."""
        self._arriving: Sighting | None = None
        """The exchange whose request is not whole yet."""
        self._first_byte_at = 0.0
        self.arrived = asyncio.Event()
        """No request is on its way."""

    @property
    def open(self) -> bool:
        """Whether an answer is waited for."""
        return bool(self._open)

    @property
    def arriving(self) -> bool:
        """Whether a request is on its way."""
        return self._arriving is not None

    # The caller's side

    def begin(self) -> None:
        """The first byte of a request has come."""
        self._first_byte_at = time.perf_counter()

    def forwarded(self, piece: Piece, *, connected: bool) -> None:
        """`piece` has been passed on; if not `connected`, it will be."""
        if piece.request is not None:
            begun = self._recorder.begin(self._first_byte_at)
            begun.take_request(piece.request)
            begun.connected = self._first_byte_at if connected else None
            self._arriving = begun
            self.arrived.clear()
            self._open.append(begun)
            asyncio.get_running_loop().call_later(LONG_SECONDS, self._tell_if_open, begun)
        sighting = self._arriving
        assert sighting is not None, "a body follows its head"  # noqa: S101
        sighting.request.take(piece.content)
        if piece.ended:
            sighting.sent = time.perf_counter() if connected else None
            sighting.arrived = True
            self._arriving = None
            self.arrived.set()

    def unreadable(self, error: NotHttpError) -> None:
        """What the caller sends is not HTTP."""
        if not self._open:
            strange = self._recorder.begin(self._first_byte_at)
            strange.end(NoAnswer(Cause.PROTOCOL, Phase.SEND, str(error)))
            self._recorder.tell(strange)

    def left(self, *, gone: bool) -> None:
        """The caller has closed its side, or is `gone`; an answer that still comes is told too."""
        for sighting in self._open:
            sighting.left = sighting.left or time.perf_counter()
            if not sighting.over and (gone or sighting.given_up_ms is not None):
                detail = f"the caller closed the connection after {sighting.total_ms:.0f} ms"
                sighting.end(NoAnswer(Cause.TIMEOUT, sighting.phase, detail))
                self._recorder.tell(sighting)
        if gone:
            self._open.clear()

    # The service's side

    def connected(self, timings: Mapping[Phase, float], *, ready: bool = True) -> None:
        """What connecting took; with `ready`, what had come before has been passed on."""
        now = time.perf_counter()
        for sighting in self._open:
            sighting.connecting = dict(timings)
            if ready:
                sighting.connected = now
                sighting.sent = None if sighting is self._arriving else now

    def answered(self, data: bytes) -> None:
        """Bytes of the service have been passed on. Raises `NotHttpError` when they are no HTTP."""
        while data and self._open:
            sighting = self._open[0]
            self._answers = self._answers or Answers(sighting.method)
            sighting.first_byte = sighting.first_byte or time.perf_counter()
            try:
                ended = self._answers.read(data, sighting)
            except NotHttpError as error:
                self.end_all(NoAnswer(Cause.PROTOCOL, sighting.phase, str(error)))
                raise
            if not ended:
                return
            data = self._answers.rest
            self._end_first()

    def service_ended(self, error: Exception | None) -> None:
        """The service has closed the connection, or (with `error`) broken it."""
        if self._open and self._answers is not None and error is None:
            try:
                if self._answers.read(b"", self._open[0]):
                    self._end_first()
            except NotHttpError as cut:
                self.end_all(NoAnswer(Cause.CLOSED, Phase.BODY, str(cut)))
        if self._open:
            detail = "the service closed the connection" if error is None else str(error)
            self.end_all(NoAnswer(Cause.CLOSED, self._open[0].phase, detail))

    def end_all(self, no_answer: NoAnswer) -> None:
        """There will be no more answers."""
        while self._open:
            sighting = self._open.popleft()
            if not sighting.over:
                sighting.end(no_answer)
                self._recorder.tell(sighting)

    def _end_first(self) -> None:
        sighting = self._open.popleft()
        self._answers = None
        sighting.end()
        self._recorder.tell(sighting)

    def _tell_if_open(self, sighting: Sighting) -> None:
        if not sighting.over:
            self._recorder.tell(sighting)
