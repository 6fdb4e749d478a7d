"""Parse the body as JSON: RSP003, RSP004, RSP013, RSP015 and RSP017.

RSP003 and RSP004 report a body that Entra cannot read. The other three warn of undocumented cases
in which JSON parsers differ.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from claimsctl.judge.finding import (
    ERROR_CODES,
    FINDINGS_PER_RULE,
    JSON_STANDARD,
    Basis,
    Finding,
    Place,
    failure,
    warning,
)
from claimsctl.judge.json_positions import (
    JsonType,
    NotJsonError,
    TooDeepError,
    Value,
    place_in,
    read_json,
)

BODY_BYTES_MAX: Final = 128 * 1024
"""The largest body that is read: forty times the size of the largest claims."""

_BOM: Final = b"\xef\xbb\xbf"
_GZIP: Final = b"\x1f\x8b"
_UTF_16_OR_32: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_EXPECTED = "one JSON object in UTF-8, without a byte order mark"
_BODY_BYTES_USUAL: Final = 65_536
"""Twenty times the size of the largest claims; Entra's limit is not documented."""
_DEPTH_USUAL: Final = 64
"""The default limit of .NET's JSON parsers; an answer needs six levels."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body that is JSON."""

    text: str
    root: Value
    bytes: int
    """Its size."""
    line_starts: tuple[int, ...]

    def place(self, value: Value, *, key: bool = False) -> Place:
        """Return where a value begins, or with `key` where its name begins."""
        at = value.key_start if key and value.key_start >= 0 else value.start
        line = bisect_right(self.line_starts, at)
        return Place(line, at - self.line_starts[line - 1] + 1, value.pointer)

    def spelling(self, value: Value) -> str:
        """Return a value as written in the body."""
        return self.text[value.start : value.end]


def body_text(body: bytes) -> str:
    """Return the body as the text in which positions are counted."""
    return body.removeprefix(_BOM).decode("utf-8", "replace")


def read_body(body: bytes) -> tuple[Body | None, list[Finding]]:
    """Return the body, if it can be read, and the findings about reading it.

    A body larger than `BODY_BYTES_MAX` is not read.
    """
    if (unread := _unread(body)) is not None:
        return None, [unread]
    findings = []
    if body.startswith(_BOM):
        findings.append(_encoding("UTF-8", "The body begins with a byte order mark", body, 0))
    rest = body.removeprefix(_BOM)
    try:
        text = rest.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"byte 0x{rest[error.start]:02x}"
        return None, [*findings, _encoding(found, "The body is not UTF-8", rest, error.start)]
    try:
        root = read_json(text)
    except NotJsonError as error:
        is_deep = isinstance(error, TooDeepError)
        return None, [*findings, _too_deep(text, error) if is_deep else _not_json(text, error)]
    line_starts = (0, *(newline.end() for newline in re.finditer("\n", text)))
    return Body(text, root, len(body), line_starts), findings


def judge_text(body: Body) -> Iterator[Finding]:
    """Yield warnings about depth, size, and duplicate keys down to the usual depth."""
    deep = next((value for value, depth in body.root.walk() if depth > _DEPTH_USUAL), None)
    if deep is not None:
        yield warning(
            "RSP017",
            1003003,
            "The body is nested very deeply",
            f"more than {_DEPTH_USUAL} levels",
            "Remove everything that is not part of the contract.",
            expected=f"at most {_DEPTH_USUAL} levels, the limit of common JSON parsers",
            place=body.place(deep),
            doc=JSON_STANDARD,
        )
    yield from islice(_keys_given_twice(body), FINDINGS_PER_RULE)
    if body.bytes > _BODY_BYTES_USUAL:
        yield warning(
            "RSP015",
            1003024,
            "The body is very large",
            f"{body.bytes} bytes",
            "Send the claims only.",
            expected="about 4 KB; Entra's limit is not documented",
            doc=ERROR_CODES,
        )


def _unread(body: bytes) -> Finding | None:
    """Return why `body` cannot be decoded, or ``None`` if it can."""
    if len(body) > BODY_BYTES_MAX:
        return _too_large()
    if body.strip() in (b"", b"null"):
        return _empty(body)
    if body.startswith(_GZIP):
        return _encoding("gzip", "The body is compressed", body)
    is_wide = body.startswith(_UTF_16_OR_32) or b"\x00" in body[:4]
    if is_wide and not body.startswith(_BOM):
        return _encoding("UTF-16 or UTF-32", "The body is not UTF-8", body)
    return None


def _too_large() -> Finding:
    return failure(
        "RSP015",
        1003024,
        "The body is very large",
        f"more than {BODY_BYTES_MAX} bytes; not read",
        "Send the claims only.",
        expected="about 4 KB; Entra's limit is not documented",
        basis=Basis.CONVENTION,
        doc=ERROR_CODES,
    )


def _too_deep(text: str, error: NotJsonError) -> Finding:
    return failure(
        "RSP017",
        1003003,
        "The body is nested very deeply",
        f"{error.found}; the rest was not read",
        "Remove everything that is not part of the contract.",
        expected=f"at most {_DEPTH_USUAL} levels, the limit of common JSON parsers",
        place=place_in(text, error.at, error.inside.pointer if error.inside else ""),
        basis=Basis.CONVENTION,
        doc=JSON_STANDARD,
    )


def _empty(body: bytes) -> Finding:
    is_null = body.strip() == b"null"
    return failure(
        "RSP003",
        1003009,
        "The body is null" if is_null else "The body is empty",
        "null" if is_null else f"{len(body)} bytes" + (", only white space" if body else ""),
        'Send the JSON answer. For a user without claims, send "claims": {}.',
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
        "Send JSON in UTF-8, without a byte order mark and without compression.",
        expected=_EXPECTED,
        place=place_in(before, len(before)) if at is not None else None,
        basis=Basis.CONVENTION,
        doc=JSON_STANDARD,
    )


def _not_json(text: str, error: NotJsonError) -> Finding:
    pointer = error.inside.pointer if error.inside else ""
    title, hint = "The body is not JSON", "Write the body with a JSON library."
    begin = text.lstrip()[:9].lower()
    if begin.startswith("<"):
        title = "The body is a web page or XML, not JSON"
        hint = (
            "Find out what sends the page: a login, error or warning page in front of the service."
        )
    elif error.at >= len(text.rstrip()) and error.inside:
        title = "The body is truncated"
        hint = (
            "If you saved the answer to a file, check first that the file is complete. If it is,"
            " send the whole body, and its correct length in content-length."
        )
    elif error.found == "'" or error.found in ("None", "True", "False"):
        title = "The body uses Python or JavaScript syntax, not JSON"
        hint = "Write the body with json.dumps or JSON.stringify."
    elif error.found.lstrip("-") in ("NaN", "Infinity", "undefined"):
        hint = f"JSON does not support {error.found}: omit the value."
    elif error.expected == "nothing more":
        hint = "Send one JSON object with nothing after it."
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


def _keys_given_twice(body: Body) -> Iterator[Finding]:
    for value, depth in body.root.walk():
        if value.type is not JsonType.OBJECT or depth > _DEPTH_USUAL:
            continue
        seen = set()
        for item in value.items:
            if item.key in seen:
                yield warning(
                    "RSP013",
                    1003003,
                    "A key appears more than once in one object",
                    f'"{item.key}" appears again',
                    "Send each key once: which value Entra reads is not documented.",
                    expected="each key once; the verdict uses the last value",
                    place=body.place(item, key=True),
                    doc=f"{JSON_STANDARD}#section-4",
                )
            seen.add(item.key)
