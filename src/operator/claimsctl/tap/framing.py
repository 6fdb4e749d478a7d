"""Find where messages begin and end in the forwarded bytes, without changing the bytes."""

import re
from dataclasses import dataclass
from typing import Final

import h11

from claimsctl.tap.recording import RecordedExchange

HEAD_BYTES_MAX: Final = 64 * 1024
"""The longest header section: servers accept no longer one by default, and no callout has one."""

NotHttpError = h11.RemoteProtocolError
"""The bytes are not HTTP/1, so the ends of messages are unknown."""

_QUOTED_BYTES = re.compile(r":? (?:b|bytearray\(b)['\"]")
_HEAD_END = re.compile(rb"\n\r?\n")
_HOST = re.compile(rb"(?im)^(host):[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*")
_LINE_END = re.compile(rb"\r?\n")
_HTTP_1 = re.compile(rb"[!-~]+ [!-~]+ HTTP/1\.[01]\r?\n")
_SYNTHETIC: Final = [("host", "x")]


def not_http_reason(error: NotHttpError) -> str:
    """Return h11's error without the bytes that it quotes: a header line may contain a token."""
    return _QUOTED_BYTES.split(str(error), maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class RequestPart:
    """Bytes of one request, to forward."""

    raw: bytes
    request: h11.Request | None
    """The head, if it ends in this part."""
    content: bytes
    """The body's bytes in it, without chunk sizes."""
    ended: bool


class RequestFraming:
    """The requests on one connection, with their Host header replaced by `host`."""

    def __init__(self, host: bytes) -> None:
        self._host = host
        self._parser = _parser(h11.SERVER)
        self._in_body = False
        self._held = bytearray()
        self.rest = b""
        """The bytes after the end of a request."""

    @property
    def held(self) -> bytes:
        """Bytes that are not forwarded yet: an incomplete head."""
        return bytes(self._held)

    @property
    def has_held(self) -> bool:
        """Return whether there are any."""
        return bool(self._held)

    @property
    def begins_as_http(self) -> bool:
        """Return whether the held bytes begin with an HTTP/1 request line."""
        return _HTTP_1.match(self._held) is not None

    def read(self, data: bytes) -> RequestPart | None:
        """Return what to forward after `data`, of at most one request; `rest` has the remainder.

        Returns ``None`` for nothing yet. Raises `NotHttpError`; `held` then has the bytes.
        """
        self._held += data
        self.rest = b""
        self._parser.receive_data(data)
        request, content, ended = _next_events(self._parser)
        if request is None and not self._in_body:
            return None
        if ended:
            self.rest = self._parser.trailing_data[0]
            self._parser = _parser(h11.SERVER)
        raw = bytes(self._held[: len(self._held) - len(self.rest)])
        self._held.clear()
        self._in_body = not ended
        assert request is None or isinstance(request, h11.Request)  # noqa: S101  # for mypy
        return RequestPart(
            raw if request is None else self._with_host(raw), request, content, ended
        )

    def _with_host(self, raw: bytes) -> bytes:
        """Return `raw`, which begins with a head, with the Host that the service expects."""
        end = _HEAD_END.search(raw)
        assert end is not None, "h11 has found it"  # noqa: S101
        head, rest = raw[: end.start() + 1], raw[end.start() + 1 :]
        head, replaced = _HOST.subn(rb"\1: " + self._host, head)
        if not replaced:  # HTTP/1.0 does not require it
            head = _LINE_END.sub(rb"\g<0>Host: " + self._host + b"\r\n", head, count=1)
        return head + rest


class ResponseFraming:
    """The answer to one request."""

    def __init__(self, method: str) -> None:
        self._parser = _parser(h11.CLIENT)
        self._parser.send(h11.Request(method=method, target="/", headers=_SYNTHETIC))
        self._parser.send(h11.EndOfMessage())

    def read(self, data: bytes, exchange: RecordedExchange) -> bool:
        """Add `data` to `exchange`, and return whether the answer ended with it.

        Empty `data` means that the connection ended. Raises `NotHttpError`, also for an early end.
        """
        self._parser.receive_data(data)
        response, content, ended = _next_events(self._parser)
        if isinstance(response, h11.Response):
            exchange.add_answer_head(response)
        exchange.answer.add(content)
        return ended

    @property
    def rest(self) -> bytes:
        """Return the bytes after the end."""
        return self._parser.trailing_data[0]


def _parser(role: type[h11.CLIENT] | type[h11.SERVER]) -> h11.Connection:
    return h11.Connection(role, max_incomplete_event_size=HEAD_BYTES_MAX)


def _next_events(
    parser: h11.Connection,
) -> tuple[h11.Request | h11.Response | None, bytes, bool]:
    head: h11.Request | h11.Response | None = None
    content: list[bytes] = []
    while True:
        match parser.next_event():
            case h11.Request() | h11.Response() as event:
                head = event
            case h11.Data(data=data):
                content.append(bytes(data))
            case h11.InformationalResponse():
                pass
            case h11.EndOfMessage():
                return head, b"".join(content), True
            case _:  # more data is needed
                return head, b"".join(content), False
