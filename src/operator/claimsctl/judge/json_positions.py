"""A JSON parser that keeps positions and duplicate keys.

`json.loads` keeps neither and fails on deeply nested bodies; the libraries that keep positions lose
duplicate keys. This parser accepts exactly the texts that `json.loads` accepts, except ``NaN``
and ``Infinity`` (RFC 8259), to a depth of `DEPTH_MAX` regardless of the interpreter's own limit.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from json import JSONDecodeError, JSONDecoder
from typing import Final, NoReturn

from claimsctl.judge.finding import Place

DEPTH_MAX: Final = 512
"""The deepest level that is read: an answer needs six, and common parsers stop at 64."""

_POINTER_CHARACTERS: Final = 1000
"""The longest pointer before it is cut: a name in it may be as long as the text."""

_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORD: Final = re.compile(r"[-\w]{1,20}")
_STRING: Final = JSONDecoder()


class JsonType(StrEnum):
    """The type of a JSON value, as shown to people."""

    OBJECT = "an object"
    LIST = "a list"
    STRING = "a string"
    NUMBER = "a number"
    BOOLEAN = "a boolean"
    NULL = "null"


_WORDS: Final = {"true": JsonType.BOOLEAN, "false": JsonType.BOOLEAN, "null": JsonType.NULL}


@dataclass(slots=True, eq=False)
class Value:
    """A JSON value; `start` and `end` count characters of the text."""

    type: JsonType
    start: int
    parent: "Value | None" = field(repr=False)
    key: str | int = ""
    """The value's name in its object, or its index in its list."""
    key_start: int = -1
    """Where the name begins."""
    end: int = -1
    text: str = ""
    """A string's characters; a number, boolean or null as written."""
    items: "list[Value]" = field(default_factory=list, repr=False)
    """The values in a list or object, including those with duplicate keys."""

    def get(self, key: str) -> "Value | None":
        """Return an object's member with that name, the last if there are several, or ``None``."""
        if self.type is not JsonType.OBJECT:
            return None
        return next((item for item in reversed(self.items) if item.key == key), None)

    @property
    def pointer(self) -> str:
        """Return the value's JSON Pointer (RFC 6901), cut if it is very long."""
        parts: list[str] = []
        value: Value | None = self
        while value is not None and value.parent is not None:
            parts.append("/" + str(value.key).replace("~", "~0").replace("/", "~1"))
            value = value.parent
        pointer = "".join(reversed(parts))
        kept = _POINTER_CHARACTERS
        return pointer if len(pointer) <= kept else f"{pointer[:kept]}…"

    def walk(self) -> "Iterator[tuple[Value, int]]":
        """Yield this value and each value in it, in text order, with its depth from 1."""
        rest = [(self, 1)]
        while rest:
            value, depth = rest.pop()
            yield value, depth
            rest.extend((item, depth + 1) for item in reversed(value.items))


class NotJsonError(ValueError):
    """The text is not JSON; gives what was found and expected, the position and the value."""

    def __init__(self, found: str, expected: str, at: int, inside: Value | None) -> None:
        super().__init__(f"found {found}, expected {expected}")
        self.found, self.expected, self.at, self.inside = found, expected, at, inside


class TooDeepError(NotJsonError):
    """The text has more than `DEPTH_MAX` levels; the rest was not read."""


def place_in(text: str, at: int, pointer: str = "") -> Place:
    """Return the line and column of the character `at`."""
    return Place(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at), pointer)


def read_json(text: str) -> Value:
    """Return the value in `text`. Raises `NotJsonError` or its subclass `TooDeepError`."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> Value:
        root = self._value(None)
        inside: Value | None = root if root.end < 0 else None
        depth = 1
        while inside is not None:
            item = self._next_item(inside)
            if item is None:
                inside = inside.parent
                depth -= 1
            elif item.end < 0:
                inside = item
                depth += 1
                if depth > DEPTH_MAX:
                    found, expected = f"more than {DEPTH_MAX} levels", "fewer"
                    raise TooDeepError(found, expected, item.start, item)
        if self._look():
            self._refuse("nothing more", None)
        return root

    def _next_item(self, inside: Value) -> Value | None:
        """Return the next item of a list or object, or ``None`` at its end."""
        is_object = inside.type is JsonType.OBJECT
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
        """Return the next value; a list or object is only opened, and its `end` not yet set."""
        character = self._look()
        value = Value(JsonType.NULL, self._at, inside, key, key_start)
        if character in ("{", "["):
            value.type = JsonType.OBJECT if character == "{" else JsonType.LIST
            self._at += 1
            return value
        if character == '"':
            value.type, value.text = JsonType.STRING, self._string(inside)
        elif number := _NUMBER.match(self._text, self._at):
            value.type, value.text = JsonType.NUMBER, number[0]
            self._at = number.end()
        elif (word := _WORD.match(self._text, self._at)) and word[0] in _WORDS:
            value.type, value.text = _WORDS[word[0]], word[0]
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
            raise NotJsonError(found, "a valid JSON string", error.pos, inside) from None
        return str(text)

    def _look(self) -> str:
        """Return the next character that is not white space; empty at the end."""
        blanks = _BLANKS.match(self._text, self._at)
        self._at = blanks.end() if blanks else self._at
        return self._text[self._at : self._at + 1]

    def _refuse(self, expected: str, inside: Value | None) -> NoReturn:
        at = self._at
        word = _WORD.match(self._text, at)
        found = word[0] if word else self._text[at : at + 1] or "the end of the body"
        raise NotJsonError(found, expected, at, inside)
