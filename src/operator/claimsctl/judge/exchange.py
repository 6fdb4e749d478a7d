"""The file format of an exchange: the request, the response and the timings.

``claimsctl judge`` reads this format; ``call`` and ``tap`` write it::

    {"version":  1,
     "request":  {"method": "POST", "url": "https://…", "headers": [["name", "value"], …],
                  "body": "…"},
     "response": {"status": 200, "headers": [["name", "value"], …], "body": "…"},
     "timings":  {"dns_ms": 3.1, "connect_ms": 8.0, "tls_ms": 21.4, "send_ms": 0.1,
                  "first_byte_ms": 140.2, "body_ms": 0.9, "total_ms": 173.7}}

Only ``response`` with its ``status`` is required. Headers may also be an object. A body that is not
UTF-8 is in ``body_base64`` instead. Without an answer, ``no_answer`` replaces
``response``: cause, phase and detail. The writer masks secrets before writing.
"""

import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Answer, NoAnswer, Phase

FORMAT_VERSION: Final = 1
_STATUS_MAX: Final = 999
_SHOWN_CHARACTERS: Final = 80
_PROBLEMS_SHOWN: Final = 20

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """What was sent."""

    method: str = "POST"
    url: str = ""
    headers: Headers = ()
    content: bytes = b""

    def document(self) -> dict[str, Any]:
        """Return the request in the file's format."""
        return {"method": self.method, "url": self.url, **_message(self.headers, self.content)}


@dataclass(frozen=True, slots=True)
class Response:
    """What came back."""

    status: int
    headers: Headers = ()
    content: bytes = b""

    def document(self) -> dict[str, Any]:
        """Return the response in the file's format."""
        return {"status": self.status, **_message(self.headers, self.content)}


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds of each phase of the last attempt, and of the whole attempt."""

    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    send_ms: float | None = None
    first_byte_ms: float | None = None
    body_ms: float | None = None
    total_ms: float | None = None

    @classmethod
    def of(cls, phases: Mapping[Phase, float], total_ms: float, digits: int) -> "Timings":
        """Return the measured times, rounded to `digits` decimal places."""
        measured = {f"{phase.value}_ms": round(ms, digits) for phase, ms in phases.items()}
        return cls(total_ms=round(total_ms, digits), **measured)

    def document(self) -> dict[str, float]:
        """Return the measured times in the file's format."""
        return {name: ms for name, ms in asdict(self).items() if ms is not None}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, its response, its timings."""

    response: Response
    request: Request | None = None
    timings: Timings = Timings()

    @property
    def answer(self) -> Answer:
        """Return the answer, for the judge."""
        response = self.response
        return Answer(response.status, response.headers, response.content, self.timings.total_ms)

    def document(self) -> dict[str, Any]:
        """Return the exchange in the file's format; `exchange_in` returns an equal one."""
        return {
            "version": FORMAT_VERSION,
            **({} if self.request is None else {"request": self.request.document()}),
            "response": self.response.document(),
            "timings": self.timings.document(),
        }


def unanswered_document(
    request: Request, no_answer: NoAnswer | None, timings: Timings
) -> dict[str, Any]:
    """A request without a response, and the reason if it is known."""
    return {
        "version": FORMAT_VERSION,
        "request": request.document(),
        "no_answer": no_answer and no_answer.document(),
        "timings": timings.document(),
    }


def exchange_in(document: Any) -> Exchange:
    """Return the exchange in a JSON document.

    Raises `OperatorError`, with one line for each wrong field.
    """
    reader = _FieldReader()
    exchange = reader.exchange(document)
    reader.check(document)
    return exchange


def request_in(document: Any) -> Request:
    """Return the request in a JSON document of an exchange, with or without an answer.

    Raises `OperatorError` as `exchange_in` does.
    """
    reader = _FieldReader()
    request = reader.request(document)
    reader.check(document)
    return request


def _message(headers: Headers, content: bytes) -> dict[str, Any]:
    """The headers and body of a request or response."""
    body = {"headers": [list(header) for header in headers]}
    try:
        return {**body, "body": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {**body, "body_base64": b64encode(content).decode("ascii")}


class _FieldReader:
    """Reads a document's fields, and collects the problems with their paths."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        """The first problems."""
        self._more = 0

    def lines(self) -> list[str]:
        """Return the problems as lines for people."""
        return [*self.problems, f"and {self._more} more"] if self._more else self.problems

    def check(self, document: Any) -> None:
        """Raise `OperatorError` if reading `document` found a problem."""
        version = document.get("version", FORMAT_VERSION) if isinstance(document, dict) else None
        if version is not None and version != FORMAT_VERSION:
            found = json.dumps(version)[:_SHOWN_CHARACTERS]
            message = (
                f"the exchange has version {found}, but this claimsctl reads version "
                f"{FORMAT_VERSION}: use the claimsctl that exported it, or a newer one"
            )
            raise OperatorError(message)
        if self.problems:
            message = "not an exchange that claimsctl exported"
            raise OperatorError(message, lines=self.lines())

    def exchange(self, document: Any) -> Exchange:
        members = self._members(document, "the document")
        request = members.get("request")
        return Exchange(
            self._response(members.get("response")),
            None if request is None else self._request(request),
            self._timings(members.get("timings", {})),
        )

    def request(self, document: Any) -> Request:
        return self._request(self._members(document, "the document").get("request"))

    def _request(self, value: Any) -> Request:
        members = self._members(value, "request")
        return Request(
            self._text(members.get("method", "POST"), "request.method"),
            self._text(members.get("url", ""), "request.url"),
            self._headers(members.get("headers", []), "request.headers"),
            self._content(members, "request"),
        )

    def _response(self, value: Any) -> Response:
        members = self._members(value, "response")
        status = members.get("status")
        if type(status) is not int or not 0 <= status <= _STATUS_MAX:
            status = 0
            self._refuse(
                "response.status", f"a whole number from 0 to {_STATUS_MAX}", members.get("status")
            )
        headers = self._headers(members.get("headers", []), "response.headers")
        return Response(status, headers, self._content(members, "response"))

    def _timings(self, value: Any) -> Timings:
        members = self._members(value, "timings")
        times: dict[str, float] = {}
        for name in (field.name for field in fields(Timings)):
            ms = members.get(name)
            if ms is None:
                continue
            if type(ms) not in (int, float) or not 0 <= ms <= sys.float_info.max:
                self._refuse(f"timings.{name}", "milliseconds, a number of at least 0", ms)
            else:
                times[name] = float(ms)
        return Timings(**times)

    def _headers(self, value: Any, at: str) -> Headers:
        pairs = list(value.items()) if isinstance(value, dict) else value
        if not isinstance(pairs, list):
            self._refuse(at, 'a list of ["name", "value"], or an object', value)
            return ()
        headers = []
        for number, pair in enumerate(pairs):
            match pair:
                case [str(name), str(text)]:
                    headers.append((name, text))
                case (str(name), other):
                    self._refuse(f"{at}.{name}", "a string", other)
                case _:
                    self._refuse(f"{at}.{number}", '["name", "value"]', pair)
        return tuple(headers)

    def _content(self, members: dict[str, Any], at: str) -> bytes:
        body: Any = members.get("body")
        base64: Any = members.get("body_base64")
        if "body" in members and "body_base64" in members:
            self.problems.append(f"{at}: expected either body or body_base64, found both")
        elif "body" in members:
            return self._text(body, f"{at}.body").encode("utf-8", "surrogatepass")
        elif "body_base64" in members:
            try:
                return b64decode(base64, validate=True)
            except (ValueError, TypeError):
                self._refuse(f"{at}.body_base64", "base64", base64)
        return b""

    def _text(self, value: Any, at: str) -> str:
        if isinstance(value, str):
            return value
        self._refuse(at, "a string", value)
        return ""

    def _members(self, value: Any, at: str) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self._refuse(at, "an object", value)
        return {}

    def _refuse(self, at: str, expected: str, found: Any) -> None:
        if len(self.problems) >= _PROBLEMS_SHOWN:
            self._more += 1
            return
        match found:
            case None:
                shown = "nothing"
            case dict():
                shown = "an object"
            case list():
                shown = "a list"
            case _:
                shown = json.dumps(found)[:_SHOWN_CHARACTERS]
        self.problems.append(f"{at}: expected {expected}, found {shown}")
