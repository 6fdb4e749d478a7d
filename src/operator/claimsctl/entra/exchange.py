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

import json
from base64 import b64encode
from typing import Annotated, Any, Literal

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, ValidationError, model_validator

from claimsctl.entra.finding import Answer
from claimsctl.errors import OperatorError

Headers = tuple[tuple[str, str], ...]
Milliseconds = Annotated[float, Field(ge=0)]


class Message(BaseModel):
    """Headers and body, which both sides have."""

    model_config = ConfigDict(frozen=True, strict=True)

    headers: Annotated[tuple[tuple[str, str], ...], Field(strict=False)] = ()
    body: str | None = None
    body_base64: Base64Bytes | None = None

    @model_validator(mode="before")
    @classmethod
    def _headers_as_pairs(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("headers"), dict):
            return {**data, "headers": list(data["headers"].items())}
        return data

    @model_validator(mode="after")
    def _one_body(self) -> "Message":
        if self.body is not None and self.body_base64 is not None:
            message = "either body or body_base64, not both"
            raise ValueError(message)
        return self

    @property
    def content(self) -> bytes:
        """The body's bytes."""
        if self.body_base64 is not None:
            return self.body_base64
        return (self.body or "").encode("utf-8", "surrogatepass")


class Request(Message):
    """What was sent."""

    method: str = "POST"
    url: str = ""


class Response(Message):
    """What came back."""

    status: Annotated[int, Field(ge=0, le=999)]


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


def body_fields(body: bytes) -> dict[Literal["body", "body_base64"], str]:
    """The field that a body goes into: text where it is UTF-8, else base64."""
    try:
        return {"body": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body_base64": b64encode(body).decode("ascii")}


def is_exchange(document: Any) -> bool:
    """Whether a JSON document is an exchange, and not itself an answer's body."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("response"), dict)
        and bool(
            {"status"} & document["response"].keys() | {"request", "timings"} & document.keys()
        )
    )


def read_exchange(raw: bytes) -> Exchange:
    """The exchange in a file. Raises `OperatorError`, which names each field that is wrong."""
    try:
        return Exchange.model_validate_json(raw)
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].lower()}"
            for problem in error.errors(include_url=False, include_input=False)
        ]
        message = "not an exchange as claimsctl exports them"
        raise OperatorError(message, lines=lines) from None


def written(exchange: Exchange) -> bytes:
    """The file's bytes."""
    return json.dumps(exchange.document(), indent=2).encode("ascii") + b"\n"
