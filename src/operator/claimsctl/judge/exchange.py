"""One exchange as a file: what was sent, what came back, how long it took.

The format that ``claimsctl judge`` reads::

    {"request":  {"method": "POST", "url": "https://…", "headers": [["name", "value"], …],
                  "body": "…"},
     "response": {"status": 200, "headers": [["name", "value"], …], "body": "…"},
     "timings":  {"dns_ms": 3.1, "connect_ms": 8.0, "tls_ms": 21.4, "first_byte_ms": 140.2,
                  "body_ms": 0.9, "total_ms": 173.6}}

Only ``response`` with its ``status`` must be there; headers may be an object too. A body that is no
text is in ``body_base64`` instead, in base64. Whoever writes one masks what is secret beforehand.
"""

import binascii
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    ValidationError,
    model_serializer,
    model_validator,
)

from claimsctl.errors import OperatorError
from claimsctl.judge.finding import Answer

Milliseconds = Annotated[float, Field(ge=0)]


class Message(BaseModel):
    """Headers and body, which both sides have."""

    model_config = ConfigDict(frozen=True)

    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        fields = dict(data)
        if isinstance(fields.get("headers"), dict):
            fields["headers"] = list(fields["headers"].items())
        bodies = [(name, fields.pop(name)) for name in ("body", "body_base64") if name in fields]
        if len(bodies) > 1:
            message = "either body or body_base64, not both"
            raise ValueError(message)
        if bodies:
            fields["content"] = _content(*bodies[0])
        return fields

    @model_serializer(mode="wrap")
    def _to_file(self, dump: Any) -> dict[str, Any]:
        fields: dict[str, Any] = dump(self.model_copy(update={"content": b""}))
        del fields["content"]
        try:
            return fields | {"body": self.content.decode("utf-8")}
        except UnicodeDecodeError:
            return fields | {"body_base64": b64encode(self.content).decode("ascii")}


def _content(name: str, body: Any) -> bytes:
    message = f"{name}: expected " + ("text" if name == "body" else "base64")
    if not isinstance(body, str):
        raise ValueError(message)  # noqa: TRY004  # pydantic tells ValueErrors as the field's
    if name == "body":
        return body.encode("utf-8", "surrogatepass")
    try:
        return b64decode(body, validate=True)
    except binascii.Error:
        raise ValueError(message) from None


class Request(Message):
    """What was sent."""

    method: str = "POST"
    url: str = ""


class Response(Message):
    """What came back."""

    status: Annotated[StrictInt, Field(ge=0, le=999)]


class Timings(BaseModel):
    """Milliseconds of each phase, of the last attempt; ``total_ms`` of all of it."""

    model_config = ConfigDict(frozen=True)

    dns_ms: Milliseconds | None = None
    connect_ms: Milliseconds | None = None
    tls_ms: Milliseconds | None = None
    first_byte_ms: Milliseconds | None = None
    body_ms: Milliseconds | None = None
    total_ms: Milliseconds | None = None


class Exchange(BaseModel):
    """A request, its answer, its timings."""

    model_config = ConfigDict(frozen=True)

    response: Response
    request: Request | None = None
    timings: Timings = Timings()

    @property
    def answer(self) -> Answer:
        """The answer, to be judged."""
        response = self.response
        return Answer(response.status, response.headers, response.content, self.timings.total_ms)

    def document(self) -> dict[str, Any]:
        """The exchange as the file has it: `read_exchange` gives the same one again."""
        shown = self.model_dump(mode="json", exclude_none=True)
        return {name: shown[name] for name in ("request", "response", "timings") if name in shown}


def is_exchange(document: Any) -> bool:
    """Whether a JSON document is an exchange, and not itself an answer's body."""
    response = document.get("response") if isinstance(document, dict) else None
    return isinstance(response, dict) and (
        "status" in response or bool({"request", "timings"} & document.keys())
    )


def read_exchange(raw: bytes) -> Exchange:
    """The exchange in a file. Raises `OperatorError`, which names each field that is wrong."""
    try:
        return Exchange.model_validate_json(raw)
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_url=False, include_input=False)
        ]
        message = "not an exchange as claimsctl exports them"
        raise OperatorError(message, lines=lines) from None


def encode_exchange(exchange: Exchange) -> bytes:
    """The file's bytes."""
    return json.dumps(exchange.document(), indent=2).encode("ascii") + b"\n"


_STATUS_LINE = re.compile(rb"HTTP/[0-9](?:\.[0-9])? ([0-9]{3})(?: [^\r\n]*)?\r?\n?")
_HEAD_END = re.compile(rb"\r?\n\r?\n|\Z")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OK = 200
_BARE_HEADERS = (("content-type", "application/json"),)

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """The answer, and what was taken for granted or left out to read it; empty: nothing."""

    answer: Answer
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Head:
    status: int
    headers: Headers
    rest: bytes


def read_saved_answer(
    raw: bytes, status: int | None = None, headers: Sequence[str] = ()
) -> SavedAnswer:
    """The answer in `raw`; a bare body's status and headers (``Name: value``) as given.

    A bare body without them is taken for a 200 with application/json. Raises `OperatorError` for a
    head that is none, and for `status` or `headers` beside a form that has its own.
    """
    told = status is not None or bool(headers)
    own_head = raw.startswith(b"HTTP/")
    if own_head or (not told and _is_exchange(raw)):
        if told:
            message = "it has a status and headers of its own; --status and --header are for a body"
            raise OperatorError(message)
        return _after_heads(raw) if own_head else SavedAnswer(read_exchange(raw).answer)
    pairs = tuple(read_header(line) for line in headers)
    answer = Answer(_OK if status is None else status, pairs or _BARE_HEADERS, raw)
    taken = [] if status is not None else [f"status {_OK}"]
    taken += [] if pairs else ["content-type: application/json"]
    return SavedAnswer(answer, f"only a body: taken for {' and '.join(taken)}" if taken else "")


def read_header(line: str) -> tuple[str, str]:
    """Name and value of ``Name: value``. Raises `OperatorError`."""
    name, colon, value = line.partition(":")
    if not colon or not _HEADER_NAME.fullmatch(name):
        message = f"expected a header such as content-type: application/json, found {line!r}"
        raise OperatorError(message)
    return name, value.strip()


def _is_exchange(raw: bytes) -> bool:
    if not raw.lstrip().startswith(b"{"):
        return False
    try:
        return is_exchange(json.loads(raw))
    except (ValueError, RecursionError):
        return False


def _after_heads(raw: bytes) -> SavedAnswer:
    """The answer behind the heads that curl shows before it; a redirect is what Entra gets."""
    head = _read_head(raw)
    while _STATUS_LINE.match(head.rest):
        if 300 <= head.status < 400:  # noqa: PLR2004  # redirects
            note = "curl has followed a redirect (-L), which Entra does not: judged is the redirect"
            return SavedAnswer(Answer(head.status, head.headers, b""), note)
        head = _read_head(head.rest)
    return SavedAnswer(Answer(head.status, head.headers, head.rest))


def _read_head(raw: bytes) -> _Head:
    status = _STATUS_LINE.match(raw)
    if not status:
        line = raw.split(b"\n", 1)[0][:80].decode("latin-1").strip()
        message = f"expected a status line such as HTTP/1.1 200 OK, found {line!r}"
        raise OperatorError(message)
    if raw[status.end() :].startswith((b"\r\n", b"\n")):  # no headers at all
        end, body = status.end(), raw[status.end() :].removeprefix(b"\r").removeprefix(b"\n")
    else:
        blank = _HEAD_END.search(raw, status.end())
        end, body = (blank.start(), raw[blank.end() :]) if blank else (len(raw), b"")
    lines = raw[status.end() : end].decode("latin-1").splitlines()
    return _Head(int(status[1]), tuple(read_header(line) for line in lines if line), body)
