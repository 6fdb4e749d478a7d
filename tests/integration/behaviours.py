"""Ways to treat a request: the building blocks of faults."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from zlib import crc32

from tests.integration.exchange import Answer, Exchange
from tests.integration.fault_proxy import Behaviour

DRIP_SECONDS: Final = 0.02
_ENDLESS: Final = 10_000_000
_EXCEPTION: Final = "com.amazonaws.dynamodb.v20120810#"

Act = Callable[[Exchange], None]


def raw(status: int, headers: Mapping[str, str], body: bytes, length: int | None = None) -> bytes:
    """An HTTP answer as it goes over the wire; `length` where the header shall lie."""
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers.items())]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def pass_on(exchange: Exchange) -> None:
    """The engine's own answer."""
    answer = exchange.ask()
    exchange.send(raw(answer.status, answer.headers, answer.body))


PASS: Final = Behaviour(pass_on)
"""Nothing in the way."""


def slow(seconds: float) -> Behaviour:
    """The engine's own answer, late."""

    def act(exchange: Exchange) -> None:
        exchange.wait(seconds)
        pass_on(exchange)

    return Behaviour(act)


def answer_with(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Act:
    """Exactly these bytes."""
    return lambda exchange: exchange.send(raw(status, headers or {}, body))


def answer_json(
    document: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Act:
    """A document, with the checksum that DynamoDB sends."""
    body = json.dumps(document).encode()
    own = {"content-type": "application/x-amz-json-1.0", "x-amz-crc32": str(crc32(body))}
    return lambda exchange: exchange.send(raw(status, {**own, **(headers or {})}, body))


def refuse_with(code: str, status: int = 400, headers: Mapping[str, str] | None = None) -> Act:
    """An error as DynamoDB sends it."""
    return answer_json({"__type": _EXCEPTION + code, "message": "no"}, status, headers)


def changed(change: Callable[[Any, str], object]) -> Act:
    """The engine's answer after `change(document, table)`, with a corrected checksum."""

    def act(exchange: Exchange) -> None:
        (table,) = json.loads(exchange.request.body)["RequestItems"]
        answer_json(change(json.loads(exchange.ask().body), table))(exchange)

    return act


def unprocessed(prefix: str) -> Act:
    """The engine's answer, but keys that begin so are left unprocessed."""

    def act(exchange: Exchange) -> None:
        ((table, wanted),) = json.loads(exchange.request.body)["RequestItems"].items()
        left = [key for key in wanted["Keys"] if key["pk"]["S"].startswith(prefix)]
        items = json.loads(exchange.ask().body)["Responses"][table]
        found = [item for item in items if not item["pk"]["S"].startswith(prefix)]
        keys = {table: {"Keys": left}} if left else {}
        answer_json({"Responses": {table: found}, "UnprocessedKeys": keys})(exchange)

    return act


def hang(exchange: Exchange) -> None:
    """The request is read, and nothing else happens."""
    exchange.hang()


def hang_in_header(exchange: Exchange) -> None:
    """The answer stops in the middle of its header."""
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-")
    exchange.hang()


def hang_after_header(exchange: Exchange) -> None:
    """The answer stops after its header."""
    exchange.send(_head(exchange.ask()))
    exchange.hang()


def hang_in_body(exchange: Exchange) -> None:
    """The answer stops in the middle of its body."""
    answer = exchange.ask()
    exchange.send(_head(answer) + answer.body[:20])
    exchange.hang()


def drip_header(exchange: Exchange) -> None:
    """A header that never ends, byte by byte."""
    exchange.send(b"HTTP/1.1 200 OK\r\nX-Drip:")
    _drip(exchange, b" ")


def drip_body(exchange: Exchange) -> None:
    """A body that never ends, byte by byte."""
    exchange.send(raw(200, {}, b"", _ENDLESS))
    _drip(exchange, b" ")


def drip_chunks(exchange: Exchange) -> None:
    """A body that never ends, in chunks of one byte."""
    exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    _drip(exchange, b"1\r\n \r\n")


def reset(exchange: Exchange) -> None:
    """A reset instead of an answer."""
    exchange.reset()


def reset_in_body(exchange: Exchange) -> None:
    """A reset in the middle of the body."""
    answer = exchange.ask()
    exchange.send(_head(answer) + answer.body[:20])
    exchange.wait(0.02)  # or the reset would overtake the bytes
    exchange.reset()


def close(exchange: Exchange) -> None:
    """No answer, the connection properly closed."""
    exchange.close()


def truncate(exchange: Exchange) -> None:
    """Less of a body than the header says."""
    answer = exchange.ask()
    exchange.send(_head(answer) + answer.body[:20])
    exchange.close()


def truncate_unannounced(exchange: Exchange) -> None:
    """Less of a body than there was, with a header that does not say how much."""
    exchange.send(b"HTTP/1.0 200 OK\r\n\r\n" + exchange.ask().body[:20])
    exchange.close()


def wrong_checksum(exchange: Exchange) -> None:
    """The engine's own answer, with a checksum that says that a bit was lost."""
    answer = exchange.ask()
    wrong = {"x-amz-crc32": str(crc32(answer.body) ^ 1)}
    exchange.send(raw(answer.status, wrong, answer.body))


def _head(answer: Answer) -> bytes:
    return raw(answer.status, answer.headers, b"", len(answer.body))


def _drip(exchange: Exchange, drop: bytes) -> None:
    while True:
        exchange.send(drop)
        exchange.wait(DRIP_SECONDS)
