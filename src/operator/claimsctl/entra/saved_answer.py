"""A saved answer in whatever form it was saved → the answer that Entra would have seen.

Forms: ``curl -i`` output (HTTP/1 and 2, with the heads that came before: 100 Continue, a proxy's
CONNECT, a redirect that curl has followed), an exchange that claimsctl exported, or the bare body.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from claimsctl.entra.exchange import is_exchange, read_exchange
from claimsctl.entra.finding import Answer
from claimsctl.errors import OperatorError

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
