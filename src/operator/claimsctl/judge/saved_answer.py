"""A saved answer: ``curl -i`` output, an exported exchange, or a bare body."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Answer
from claimsctl.judge.curl_output import CurlOutput, curl_output
from claimsctl.judge.exchange import Headers, exchange_in
from claimsctl.text import in_quotes

_STATUS_LINE: Final = re.compile(rb"HTTP/([0-9])(?:\.[0-9])? ([0-9]{3})(?: [^\r\n]*)?\r?\n?")
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n|\Z")
_BLANK_LINE: Final = re.compile(rb"\r?\n")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TRAILER: Final = re.compile(rb"\s*((?:[A-Za-z][A-Za-z0-9_-]*:[^\r\n]*\r?\n)+)(?:\r?\n)?\Z")
_CHUNK_HEAD: Final = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[^\r\n]*)?\r?\n")
_NAMED_STATUS: Final = re.compile(
    rb'\A\s*\{\s*"statusCode"\s*:\s*([45][0-9]{2})\s*,\s*"message"'
    rb"|<(?:title|h1)[^>]{0,100}>\s*(?:Error )?([345][0-9]{2})\b",
    re.IGNORECASE,
)
"""What proxies and API Management write in an answer that they make by themselves."""
_NAMED_WITHIN: Final = 4096
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
    newline: bytes
    version: int
    """Of HTTP: the first digit."""
    status: int
    headers: Headers
    end: int
    """Where what follows it begins."""


def read_saved_answer(
    raw: bytes, status: int | None = None, headers: Sequence[str] = ()
) -> SavedAnswer:
    """Return the answer in `raw`; `status` and `headers` (``Name: value``) belong to a bare body.

    Without them a bare body is read as application/json, with the status that it names or else 200.
    Raises `OperatorError` for a head that is malformed, and for `status` or `headers` given for a
    file that has a status line.
    """
    given = status is not None or bool(headers)
    output = curl_output(raw)
    if output is None and raw.startswith(b"HTTP/"):
        output = CurlOutput(raw)  # malformed: the error shows it
    if output is not None:
        if given:
            message = "the file has a status line; omit --status and --header"
            raise OperatorError(message)
        saved = _after_heads(output.raw)
        return replace(saved, note="; ".join(filter(None, (output.note, saved.note))))
    if not given and (document := _exchange_document(raw)) is not None:
        return SavedAnswer(exchange_in(document).answer)
    pairs = tuple(read_header(line) for line in headers)
    assumed = []
    if status is None:
        named = _status_in(raw)
        status = _OK if named is None else named
        assumed.append(f"status {status}" + (", which it names" if named else ""))
    answer = Answer(status, pairs or _BARE_HEADERS, raw)
    assumed += [] if pairs else ["content-type: application/json"]
    note = f"the file has a body only; assumed {' and '.join(assumed)}" if assumed else ""
    return SavedAnswer(answer, note)


def _status_in(body: bytes) -> int | None:
    """The status that a page or an error in JSON names; ``None`` for another body."""
    named = _NAMED_STATUS.search(body[:_NAMED_WITHIN])
    return int(named[1] or named[2]) if named else None


def read_header(line: str) -> tuple[str, str]:
    """Return the name and value of ``Name: value``. Raises `OperatorError`."""
    name, colon, value = line.partition(":")
    if not colon or not _HEADER_NAME.fullmatch(name):
        found = in_quotes(line[:_LINE_CHARACTERS])
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
            body, note = _body_behind(head, raw[head.end :])
            return SavedAnswer(Answer(head.status, head.headers, body), note)
        if 300 <= head.status < 400:  # noqa: PLR2004  # redirects
            note = "curl followed a redirect (-L), but Entra does not; the redirect was judged"
            return SavedAnswer(Answer(head.status, head.headers, b""), note)
        head = _read_head(raw, head.end)
    message = f"expected an answer, found more than {_HEADS_MAX} response heads before it"
    raise OperatorError(message)


def _body_behind(head: _Head, saved: bytes) -> tuple[bytes, str]:
    """The body in what was saved behind `head`, and what was left out to read it.

    Behind the body curl -i prints the trailer fields of a chunked answer, or of one by HTTP/2; with
    --raw (or from a tool that knows no HTTP) the chunks have their lengths in front of them.
    """
    is_chunked = "chunked" in " ".join(_values(head.headers, "transfer-encoding")).lower()
    if is_chunked and (chunks := _unchunked(saved)) is not None:
        return chunks, "the body was saved as it was sent, in chunks: judged is what is in them"
    announced = ",".join(_values(head.headers, "trailer")).lower().split(",")
    announced = [name.strip() for name in announced if name.strip()]
    if is_chunked or announced or head.version > 1:
        for end in _possible_ends(head.headers, saved, announced):
            if names := _trailer_names(saved, end, head.newline, announced):
                return saved[:end], f"left out, for a trailer is no body: {', '.join(names)}"
    return saved, ""


def _trailer_names(
    saved: bytes, at: int, newline: bytes, announced: Sequence[str]
) -> Sequence[str]:
    """The names of the fields that `saved` has from `at` on; empty if there is more than fields.

    A warning that PHP prints behind the body (``Warning: …``) looks like a field: curl ends fields
    as it ends the head's lines, and where those are plain newlines the name must be unmistakable.
    """
    trailer = _TRAILER.match(saved, at)
    if trailer is None:
        return ()
    lines = trailer[1].splitlines(keepends=True)
    names = [line.partition(b":")[0].decode().lower() for line in lines]
    if newline == b"\r\n":
        return names if all(line.endswith(newline) for line in lines) else ()
    return names if all(name in announced or "-" in name for name in names) else ()


def _values(headers: Headers, name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name]


def _possible_ends(headers: Headers, saved: bytes, announced: Sequence[str]) -> Iterator[int]:
    """Where the body may end, if a trailer follows it."""
    for length in _values(headers, "content-length"):
        if length.isdecimal() and int(length) < len(saved):
            yield int(length)
    try:
        # Latin-1 has a character for each byte: positions stay.
        yield json.JSONDecoder().raw_decode(saved.decode("latin-1"))[1]
    except (ValueError, RecursionError):
        lowered = saved.lower()
        found = (lowered.rfind(f"{name}:".encode()) for name in announced if name)
        yield from sorted(at for at in found if at >= 0)


def _unchunked(saved: bytes) -> bytes | None:
    """What is in the chunks of `saved`; ``None`` if it is not made of whole chunks."""
    at, chunks = 0, list[bytes]()
    while head := _CHUNK_HEAD.match(saved, at):
        size = int(head[1], 16)
        if size == 0:
            return b"".join(chunks)
        chunks.append(saved[head.end() : head.end() + size])
        blank = _BLANK_LINE.match(saved, head.end() + size)
        if blank is None:
            return None
        at = blank.end()
    return None


def _read_head(raw: bytes, at: int) -> _Head:
    status = _STATUS_LINE.match(raw, at)
    if not status:
        line = raw[at : at + _LINE_CHARACTERS].split(b"\n", 1)[0].decode("latin-1").strip()
        message = f"expected a status line such as HTTP/1.1 200 OK, found {in_quotes(line)}"
        raise OperatorError(message)
    newline = b"\r\n" if status[0].endswith(b"\r\n") else b"\n"
    if blank := _BLANK_LINE.match(raw, status.end()):  # no headers at all
        return _Head(newline, int(status[1]), int(status[2]), (), blank.end())
    end = _HEAD_END.search(raw, status.end())
    assert end is not None, "it finds the end of the file too"  # noqa: S101
    lines = raw[status.end() : end.start()].decode("latin-1").splitlines()
    headers = tuple(read_header(line) for line in lines if line)
    return _Head(newline, int(status[1]), int(status[2]), headers, end.end())
