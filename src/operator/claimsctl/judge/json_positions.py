"""JSON text → values that know where they stand in it.

`json.loads` forgets places and keys given twice, and gives up where a body nests deep; the
libraries that keep places lose keys given twice. Takes exactly the texts that `json.loads` takes,
less ``NaN`` and ``Infinity``, at any depth (RFC 8259).
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from json import JSONDecodeError, JSONDecoder
from typing import Final, NoReturn

from claimsctl.judge.finding import Basis, Finding, Place
from claimsctl.judge.problem import ERROR_CODES, JSON_STANDARD, failure

_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORD: Final = re.compile(r"[-\w]{1,20}")
_STRING: Final = JSONDecoder()


class Kind(StrEnum):
    """What a JSON value is, in words for people."""

    OBJECT = "an object"
    LIST = "a list"
    STRING = "a string"
    NUMBER = "a number"
    BOOLEAN = "a boolean"
    NULL = "null"


_WORDS: Final = {"true": Kind.BOOLEAN, "false": Kind.BOOLEAN, "null": Kind.NULL}


@dataclass(slots=True, eq=False)
class Value:
    """A JSON value; `start` and `end` count characters of the text."""

    kind: Kind
    start: int
    parent: "Value | None" = field(repr=False)
    key: str | int = ""
    """Its name in the object, or its number in the list, that it stands in."""
    key_start: int = -1
    """Where the name stands."""
    end: int = -1
    text: str = ""
    """A string's characters; of a number, boolean or null its spelling."""
    items: "list[Value]" = field(default_factory=list, repr=False)
    """What a list or object holds, keys given twice included."""

    def get(self, key: str) -> "Value | None":
        """The member of an object by that name, the last of several; ``None``: there is none."""
        if self.kind is not Kind.OBJECT:
            return None
        return next((item for item in reversed(self.items) if item.key == key), None)

    @property
    def pointer(self) -> str:
        """The value's JSON Pointer (RFC 6901)."""
        parts: list[str] = []
        value: Value | None = self
        while value is not None and value.parent is not None:
            parts.append("/" + str(value.key).replace("~", "~0").replace("/", "~1"))
            value = value.parent
        return "".join(reversed(parts))

    def walk(self) -> "Iterator[tuple[Value, int]]":
        """Each value within, this one included, in the text's order, with its depth from 1."""
        rest = [(self, 1)]
        while rest:
            value, depth = rest.pop()
            yield value, depth
            rest.extend((item, depth + 1) for item in reversed(value.items))


class NotJsonError(ValueError):
    """The text is no JSON: what was expected and found, at which character, inside of what."""

    def __init__(self, found: str, expected: str, at: int, inside: Value | None) -> None:
        super().__init__(f"found {found}, expected {expected}")
        self.found, self.expected, self.at, self.inside = found, expected, at, inside


def place_in(text: str, at: int, pointer: str = "") -> Place:
    """Line and column of the character `at`."""
    return Place(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at), pointer)


def read_json(text: str) -> Value:
    """The one value that `text` is. Raises `NotJsonError`."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> Value:
        root = self._value(None)
        inside: Value | None = root if root.end < 0 else None
        while inside is not None:
            item = self._next_item(inside)
            if item is None:
                inside = inside.parent
            elif item.end < 0:
                inside = item
        if self._look():
            self._refuse("nothing more", None)
        return root

    def _next_item(self, inside: Value) -> Value | None:
        """The next of a list's or object's items; ``None``: it has been closed."""
        is_object = inside.kind is Kind.OBJECT
        closing = "}" if is_object else "]"
        character = self._look()
        if character == closing:
            self._at += 1
            inside.end = self._at
            return None
        if inside.items:
            if character != ",":
                self._refuse(f"a comma or {closing}", inside)
            self._at += 1
        if not is_object:
            item = self._value(inside, len(inside.items))
        else:
            if self._look() != '"':
                self._refuse("a name in double quotes", inside)
            key_start = self._at
            key = self._string(inside)
            if self._look() != ":":
                self._refuse("a colon after the name", inside)
            self._at += 1
            item = self._value(inside, key, key_start)
        inside.items.append(item)
        return item

    def _value(self, inside: Value | None, key: str | int = "", key_start: int = -1) -> Value:
        """The value that comes next; a list or object only opened, its `end` still missing."""
        character = self._look()
        value = Value(Kind.NULL, self._at, inside, key, key_start)
        if character in ("{", "["):
            value.kind = Kind.OBJECT if character == "{" else Kind.LIST
            self._at += 1
            return value
        if character == '"':
            value.kind, value.text = Kind.STRING, self._string(inside)
        elif number := _NUMBER.match(self._text, self._at):
            value.kind, value.text = Kind.NUMBER, number[0]
            self._at = number.end()
        elif (word := _WORD.match(self._text, self._at)) and word[0] in _WORDS:
            value.kind, value.text = _WORDS[word[0]], word[0]
            self._at = word.end()
        else:
            self._refuse("a JSON value", inside)
        value.end = self._at
        return value

    def _string(self, inside: Value | None) -> str:
        try:
            text, self._at = _STRING.raw_decode(self._text, self._at)
        except JSONDecodeError as error:
            found = error.msg.lower().removesuffix(" at").removesuffix(" starting")
            raise NotJsonError(found, "a string as JSON has it", error.pos, inside) from None
        return str(text)

    def _look(self) -> str:
        """The next character that is no blank; empty at the end."""
        blanks = _BLANKS.match(self._text, self._at)
        self._at = blanks.end() if blanks else self._at
        return self._text[self._at : self._at + 1]

    def _refuse(self, expected: str, inside: Value | None) -> NoReturn:
        at = self._at
        word = _WORD.match(self._text, at)
        found = word[0] if word else self._text[at : at + 1] or "the end of the body"
        raise NotJsonError(found, expected, at, inside)


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
