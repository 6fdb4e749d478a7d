"""One attempt at a callout: the duration of each phase, and the answer or the reason for none."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """The phases of an attempt, in order."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    SEND = "send"
    FIRST_BYTE = "first_byte"
    """From the last byte sent to the first byte received: endpoint and network time."""
    BODY = "body"
    """From the first byte of the answer to the last."""


class Cause(StrEnum):
    """Why there is no answer."""

    TIMEOUT = "timeout"
    NAME = "name"
    """The host's name does not resolve."""
    CONNECT = "connect"
    TLS = "tls"
    CLOSED = "closed"
    """The connection ended before the answer did."""
    PROTOCOL = "protocol"
    """What was received is not HTTP."""
    TOO_LARGE = "too-large"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as received, neither parsed nor repaired."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    elapsed_ms: float | None = None
    """From the start of the call, including the name lookup, to the last byte."""

    def header(self, name: str) -> str | None:
        """Return the first header with that name, ignoring case."""
        return next(iter(self.all_headers(name)), None)

    def all_headers(self, name: str) -> list[str]:
        """Return the values of all headers with that name, ignoring case."""
        return [value for key, value in self.headers if key.lower() == name]


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why an attempt has no answer, and in which phase it ended."""

    cause: Cause
    phase: Phase
    detail: str

    def document(self) -> dict[str, str]:
        """Return the reason as a JSON object."""
        return {"cause": self.cause.value, "phase": self.phase.value, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt; exactly one of `answer` and `no_answer` is set."""

    timings: Mapping[Phase, float]
    """Milliseconds of each phase that started, including a phase that failed."""
    elapsed_ms: float
    answer: Answer | None = None
    no_answer: NoAnswer | None = None
    address: str | None = None
    """The address of the connection."""
    http_version: str | None = None
    tls_version: str | None = None
