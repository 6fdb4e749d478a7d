"""An exchange as the forwarding process records it: the forwarded bytes and their times."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import h11

from claimsctl.judge.attempt import NoAnswer, Phase

BODY_BYTES_MAX: Final = 256 * 1024
"""How much of each body is kept (all of it is forwarded). Claims may have 3 KB."""

LEAST_WAIT_MS: Final = 200
"""The smallest timeoutInMilliseconds."""

Headers = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Message:
    """A request or an answer, as far as it has arrived."""

    headers: Headers = ()
    body: bytearray = field(default_factory=bytearray)
    body_bytes: int = 0
    """The size of the whole body, without chunk sizes."""

    def add(self, content: bytes) -> None:
        """Count `content`, and keep as much as the limit allows."""
        self.body_bytes += len(content)
        self.body += content[: BODY_BYTES_MAX - len(self.body)]

    @property
    def whole(self) -> bool:
        """Return whether the whole body has been kept."""
        return len(self.body) == self.body_bytes


@dataclass(slots=True)
class RecordedExchange:
    """One exchange. It is published at its end, and earlier if it takes long."""

    number: int
    began_at: float = field(default_factory=time.time)
    began: float = field(default_factory=time.perf_counter)
    """On the monotonic clock, like all times here except `began_at`."""
    method: str = ""
    target: str = ""
    request: Message = field(default_factory=Message)
    status: int | None = None
    answer: Message = field(default_factory=Message)
    connecting: Mapping[Phase, float] = field(default_factory=dict)
    """Milliseconds, if a connection was opened for this exchange."""
    connected: float | None = None
    arrived: bool = False
    """Whether the request is complete."""
    sent: float | None = None
    first_byte: float | None = None
    ended: float | None = None
    left: float | None = None
    """When the caller closed its side before the answer."""
    gone: bool = False
    """Whether the caller has disconnected completely and could not receive the answer."""
    no_answer: NoAnswer | None = None
    refused: str = ""
    """Why the request was refused and not forwarded."""
    over: bool = False

    def add_request_head(self, request: h11.Request) -> None:
        """The request's head."""
        self.method = request.method.decode("latin-1")
        self.target = request.target.decode("latin-1")
        self.request.headers = _headers(request)

    def add_answer_head(self, response: h11.Response) -> None:
        """The answer's head."""
        self.status = response.status_code
        self.answer.headers = _headers(response)

    def end(self, no_answer: NoAnswer | None = None) -> None:
        """Return whether the answer is complete or will not arrive."""
        self.ended = time.perf_counter()
        self.no_answer = no_answer
        self.over = True

    def copy(self) -> "RecordedExchange":
        """Return a copy that later bytes do not change."""
        return replace(
            self,
            request=replace(self.request, body=bytearray(self.request.body)),
            answer=replace(self.answer, body=bytearray(self.answer.body)),
        )

    @property
    def phase(self) -> Phase:
        """Return the current phase of the exchange."""
        if self.first_byte is not None:
            return Phase.BODY
        if self.sent is not None:
            return Phase.FIRST_BYTE
        return Phase.SEND if self.connected is not None else Phase.CONNECT

    def timings(self) -> dict[Phase, float]:
        """Return the milliseconds of each started phase, measured here, behind the tunnel."""
        end = time.perf_counter() if self.ended is None else self.ended
        moments = [self.began if self.connected is None else max(self.began, self.connected)]
        moments += [moment for moment in (self.sent, self.first_byte) if moment is not None]
        phases = (Phase.SEND, Phase.FIRST_BYTE, Phase.BODY)[: len(moments)]
        ends = [*moments[1:], end]
        passed = {
            phase: max(0.0, until - since) * 1000
            for phase, since, until in zip(phases, moments, ends, strict=True)
        }
        return dict(self.connecting) | (passed if self.connected is not None else {})

    @property
    def given_up_ms(self) -> float | None:
        """Return how long the caller waited for an answer, if it has disconnected.

        A caller that closes its side within the smallest timeoutInMilliseconds, and is not known to
        have disconnected, has only closed its sending side.
        """
        waited = None if self.left is None else (self.left - self.began) * 1000
        return None if waited is None or (waited < LEAST_WAIT_MS and not self.gone) else waited

    @property
    def left_early(self) -> bool:
        """Return whether the caller disconnected before the smallest timeoutInMilliseconds."""
        return self.given_up_ms is not None and self.given_up_ms < LEAST_WAIT_MS

    @property
    def total_ms(self) -> float:
        """Return the time from the request's first byte to the answer's last, or to now."""
        return ((time.perf_counter() if self.ended is None else self.ended) - self.began) * 1000


def _headers(message: h11.Request | h11.Response) -> Headers:
    """Return names as received, and values as bytes."""
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in message.headers.raw_items()
    )
