"""A saved answer: ``curl -i`` output, an exported exchange, or a bare body."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Answer
from claimsctl.judge.exchange import Headers, exchange_in

_STATUS_LINE: Final = re.compile(rb"HTTP/[0-9](?:\.[0-9])? ([0-9]{3})(?: [^\r\n]*)?\r?\n?")
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n|\Z")
_BLANK_LINE: Final = re.compile(rb"\r?\n")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TRAILER: Final = re.compile(rb"(?<=[}\]\"\s])(?:[A-Za-z][A-Za-z0-9-]*:[^\r\n]*\r?\n)+(?:\r?\n)?\Z")
_OK: Final = 200
_HEADS_MAX: Final = 20
"""Each proxy, interim answer and redirect has a head; curl follows at most 50 redirects."""
_LINE_CHARACTERS: Final = 80
"""The longest malformed line in an error message."""

SAVED_BYTES_MAX: Final = 4 * 1024 * 1024
"""The largest saved answer that is read; ``tap`` writes at most three quarters of it."""
_BARE_HEADERS: Final = (("content-type", "application/json"),)


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """The answer, and a note on what was assumed or ignored to read it."""

    answer: Answer
    note: str = ""
    """Empty if nothing was assumed or ignored."""


@dataclass(frozen=True, slots=True)
class _Head:
    status: int
    headers: Headers
    end: int
    """Where what follows it begins."""


def read_saved_answer(
    raw: bytes, status: int | None = None, headers: Sequence[str] = ()
) -> SavedAnswer:
    """Return the answer in `raw`; `status` and `headers` (``Name: value``) belong to a bare body.

    Without them, a bare body is read as a 200 with application/json. Raises `OperatorError` for a
    malformed head, and if `status` or `headers` is given for a file that has a status line.
    """
    given = status is not None or bool(headers)
    if raw.startswith(b"HTTP/"):
        if given:
            message = "the file has a status line; omit --status and --header"
            raise OperatorError(message)
        return _after_heads(raw)
    if not given and (document := _exchange_document(raw)) is not None:
        return SavedAnswer(exchange_in(document).answer)
    pairs = tuple(read_header(line) for line in headers)
    answer = Answer(_OK if status is None else status, pairs or _BARE_HEADERS, raw)
    assumed = [] if status is not None else [f"status {_OK}"]
    assumed += [] if pairs else ["content-type: application/json"]
    note = f"the file has a body only; assumed {' and '.join(assumed)}" if assumed else ""
    return SavedAnswer(answer, note)


def read_header(line: str) -> tuple[str, str]:
    """Return the name and value of ``Name: value``. Raises `OperatorError`."""
    name, colon, value = line.partition(":")
    if not colon or not _HEADER_NAME.fullmatch(name):
        found = repr(line[:_LINE_CHARACTERS])
        message = f"expected a header such as content-type: application/json, found {found}"
        raise OperatorError(message)
    return name, value.strip()


def _exchange_document(raw: bytes) -> Any:
    """Return the exchange in `raw`, or ``None`` for anything else, such as an answer's body."""
    if not raw.lstrip().startswith(b"{"):
        return None
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    response = document.get("response") if isinstance(document, dict) else None
    is_exchange = isinstance(response, dict) and (
        "status" in response or bool({"request", "timings"} & document.keys())
    )
    return document if is_exchange else None


def _after_heads(raw: bytes) -> SavedAnswer:
    """Return the answer after the heads that curl prints before it.

    If curl followed a redirect, return the redirect: Entra is not assumed to follow it.
    """
    head = _read_head(raw, 0)
    for _ in range(_HEADS_MAX):
        if not _STATUS_LINE.match(raw, head.end):
            body = _without_trailer(head.headers, raw[head.end :])
            return SavedAnswer(Answer(head.status, head.headers, body))
        if 300 <= head.status < 400:  # noqa: PLR2004  # redirects
            note = "curl followed a redirect (-L), but Entra does not; the redirect was judged"
            return SavedAnswer(Answer(head.status, head.headers, b""), note)
        head = _read_head(raw, head.end)
    message = f"expected an answer, found more than {_HEADS_MAX} response heads before it"
    raise OperatorError(message)


def _without_trailer(headers: Headers, body: bytes) -> bytes:
    """Return `body` without a chunked answer's trailer fields, which curl -i prints after it."""
    is_chunked = any(
        name.lower() == "transfer-encoding" and "chunked" in value.lower()
        for name, value in headers
    )
    trailer = _TRAILER.search(body) if is_chunked else None
    if trailer is None:
        return body
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return body[: trailer.start()]
    return body


def _read_head(raw: bytes, at: int) -> _Head:
    status = _STATUS_LINE.match(raw, at)
    if not status:
        line = raw[at : at + _LINE_CHARACTERS].split(b"\n", 1)[0].decode("latin-1").strip()
        message = f"expected a status line such as HTTP/1.1 200 OK, found {line!r}"
        raise OperatorError(message)
    if blank := _BLANK_LINE.match(raw, status.end()):  # no headers at all
        return _Head(int(status[1]), (), blank.end())
    end = _HEAD_END.search(raw, status.end())
    assert end is not None, "it finds the end of the file too"  # noqa: S101
    lines = raw[status.end() : end.start()].decode("latin-1").splitlines()
    headers = tuple(read_header(line) for line in lines if line)
    return _Head(int(status[1]), headers, end.end())
