"""Bytes → JSON values, or why they are none: RSP003, RSP004."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from claimsctl.entra.finding import Basis, Finding, Place
from claimsctl.entra.judge.json_reader import NotJsonError, Value, place_in, read_json
from claimsctl.entra.judge.problem import ERROR_CODES, JSON_STANDARD, failure

_BOM: Final = b"\xef\xbb\xbf"
_GZIP: Final = b"\x1f\x8b"
_UTF_16_OR_32: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_EXPECTED = "one JSON object in UTF-8, without a byte order mark"


@dataclass(frozen=True, slots=True)
class Body:
    """A body that is JSON."""

    text: str
    root: Value
    bytes: int
    """Its size."""
    line_starts: tuple[int, ...]

    def place(self, value: Value, *, key: bool = False) -> Place:
        """Where a value stands; with `key`, the name that it stands under."""
        at = value.key_start if key and value.key_start >= 0 else value.start
        line = bisect_right(self.line_starts, at)
        return Place(line, at - self.line_starts[line - 1] + 1, value.pointer)

    def spelling(self, value: Value) -> str:
        """A value as it is written."""
        return self.text[value.start : value.end]


def body_text(body: bytes) -> str:
    """What a person sees of a body: the text that places in it are counted in."""
    return body.removeprefix(_BOM).decode("utf-8", "replace")


def read_body(body: bytes) -> tuple[Body | None, list[Finding]]:
    """The body read as far as it can be, and what keeps Entra from reading it."""
    if body.strip() in (b"", b"null"):
        return None, [_empty(body)]
    if body.startswith(_GZIP):
        return None, [_encoding("gzip", "The body is compressed", body)]
    findings = []
    if body.startswith(_BOM):
        findings.append(_encoding("UTF-8", "The body begins with a byte order mark", body, 0))
    elif body.startswith(_UTF_16_OR_32) or b"\x00" in body[:4]:
        return None, [_encoding("UTF-16 or UTF-32", "The body is not UTF-8", body)]
    rest = body.removeprefix(_BOM)
    try:
        text = rest.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"byte 0x{rest[error.start]:02x}"
        return None, [*findings, _encoding(found, "The body is not UTF-8", rest, error.start)]
    try:
        root = read_json(text)
    except NotJsonError as error:
        return None, [*findings, _not_json(text, error)]
    line_starts = (0, *(newline.end() for newline in re.finditer("\n", text)))
    return Body(text, root, len(body), line_starts), findings


def _empty(body: bytes) -> Finding:
    is_null = body.strip() == b"null"
    return failure(
        "RSP003",
        1003009,
        "The body is null" if is_null else "The body is empty",
        "null" if is_null else f"{len(body)} bytes" + (", all blank" if body else ""),
        "Send the JSON answer; a user without claims has {} for claims.",
        expected=_EXPECTED,
        place=Place(1, 1) if is_null else None,
        doc=ERROR_CODES,
    )


def _encoding(found: str, title: str, body: bytes, at: int | None = None) -> Finding:
    before = body[:at].decode("utf-8") if at is not None else ""
    return failure(
        "RSP004",
        1003003,
        title,
        found if at else f"{found}, beginning {body[:8].hex(' ')}",
        "Send JSON in UTF-8 without a byte order mark, uncompressed unless asked for.",
        expected=_EXPECTED,
        place=place_in(before, len(before)) if at is not None else None,
        basis=Basis.CONVENTION,
        doc=JSON_STANDARD,
    )


def _not_json(text: str, error: NotJsonError) -> Finding:
    pointer = error.inside.pointer if error.inside else ""
    title, hint = "The body is not JSON", "Let a JSON library write the body."
    begin = text.lstrip()[:9].lower()
    if begin.startswith("<"):
        title = "The body is a page or XML, not JSON"
        hint = "Find what sends it: a login, an error or an interstitial in front of the service."
    elif error.at >= len(text.rstrip()) and error.inside:
        title = "The body is cut off"
        hint = "Send the whole body, and its true length in content-length."
    elif error.found == "'" or error.found in ("None", "True", "False"):
        title = "The body is Python's or JavaScript's notation, not JSON"
        hint = "Write the body with json.dumps or JSON.stringify."
    elif error.found.lstrip("-") in ("NaN", "Infinity", "undefined"):
        hint = f"JSON knows no {error.found}: leave the member out."
    elif error.expected == "nothing more":
        hint = "Send one JSON object and nothing after it."
    return failure(
        "RSP004",
        1003003,
        title,
        error.found,
        hint,
        expected=error.expected,
        place=place_in(text, error.at, pointer),
        doc=ERROR_CODES,
    )
