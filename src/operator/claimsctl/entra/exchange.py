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
from base64 import b64decode, b64encode
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

from claimsctl.entra.finding import Answer
from claimsctl.errors import OperatorError

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
