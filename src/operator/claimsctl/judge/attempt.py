"""One attempt at a callout: how long each part took, and the answer or why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from claimsctl.judge.finding import Answer


class Phase(StrEnum):
    """What an exchange consists of, in its order."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    SEND = "send"
    FIRST_BYTE = "first_byte"
    """From the last byte sent to the first one back: what the endpoint thinks, and the way."""
    BODY = "body"
    """From the first byte of the answer to its last."""


class Cause(StrEnum):
    """Why there is no answer."""

    TIMEOUT = "timeout"
    NAME = "name"
    """The host's name leads to no address."""
    CONNECT = "connect"
    TLS = "tls"
    CLOSED = "closed"
    """The connection ended before the answer did."""
    PROTOCOL = "protocol"
    """What came is not HTTP."""
    TOO_LARGE = "too-large"


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why an attempt brought no answer, and in which phase."""

    cause: Cause
    phase: Phase
    detail: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt; either `answer` or `no_answer` is there."""

    timings: Mapping[Phase, float]
    """Milliseconds of each phase that was begun, the one that failed included."""
    elapsed_ms: float
    answer: Answer | None = None
    no_answer: NoAnswer | None = None
    address: str | None = None
    """The address that was connected to."""
    http_version: str | None = None
    tls_version: str | None = None
