"""Mask JSON character by character, keeping its length and structure but not its values.

Each character of a value is replaced by one with the same number of bytes, a digit by 1, ``false``
by ``true``. The masked text therefore gets the same verdict as the real one, even if it is not
quite JSON.
"""

import json
import re
from collections.abc import Callable
from typing import Final

Keep = Callable[[tuple[str, ...]], bool]
"""Returns whether the value at a path of names, from the outermost object, may be shown."""

ONE_BYTE: Final = "*"
_TWO_BYTES, _THREE_BYTES, _FOUR_BYTES = "\u00d7", "\u2022", "\U0001f784"
_DEPTH_MAX: Final = 64
"""Deeper values are never shown, because the cost of a path grows with its depth."""
_JSON_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)'  # a string, possibly unterminated
    r"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
    r"|[A-Za-z_]+|[\[\]{}:,]|\s+|.",
    re.DOTALL,
)
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.",
    re.DOTALL,
)
_INTEGER = re.compile(r"[1-9][0-9]*(?=\.|[eE]|$)")
_FRACTION = re.compile(r"(?<=\.)[0-9]+")


def mask_json(text: str, keep: Keep, shown: Callable[[str], str]) -> str:
    """Return `text` with its values masked; values that `keep` allows go through `shown`."""
    masked: list[str] = []
    path: list[str] = []
    """Return the name of each open object or list; items of a list have the list's name."""
    name = ""
    tokens = _JSON_TOKEN.findall(text)

    def is_kept() -> bool:
        return len(path) <= _DEPTH_MAX and keep((*path, name))

    for index, token in enumerate(tokens):
        match token[0]:
            case '"' if _is_name(tokens, index):
                name = _text(token)
                masked.append(shown(token))
            case '"' if is_kept():
                masked.append(shown(token))
            case '"':
                masked.append(_string(token, keep, shown))
            case "{" | "[":
                path.append(name)
                name = "" if token.startswith("{") else name
                masked.append(token)
            case "}" | "]":
                name = path.pop() if path else ""
                masked.append(token)
            case _ if is_kept():
                masked.append(token)
            case _:
                masked.append(_bare(token))
    return "".join(masked)


def _is_name(tokens: list[str], index: int) -> bool:
    following = (token for token in tokens[index + 1 : index + 3] if not token.isspace())
    return next(following, "") == ":"


def _string(token: str, keep: Keep, shown: Callable[[str], str]) -> str:
    inner = _text(token)
    if inner[:1] in {"{", "["} and is_json(inner):  # JSON in a string
        return json.dumps(mask_json(inner, keep, shown), ensure_ascii=False)
    end = token[-1] if len(token) > 1 and token.endswith('"') else ""
    return '"' + mask_text(token[1 : len(token) - len(end)]) + end


def mask_text(text: str) -> str:
    """Return `text` of a JSON string with each character replaced by one of the same size."""
    return _CHARACTER.sub(lambda match: _stand_in(match[0]), text)


def mask_words(text: str, *, sized: bool = True) -> str:
    """Return `text`, not JSON, with letters and digits replaced; only ASCII unless `sized`."""
    return "".join(
        _sized(character) if character.isalnum() and (sized or character.isascii()) else character
        for character in text
    )


def _stand_in(character: str) -> str:
    if len(character) == 12:  # a pair of surrogates  # noqa: PLR2004
        return "\\ud83d\\udf84"
    if len(character) == 6:  # noqa: PLR2004  # an escape by number
        code = int(character[2:], 16)  # noqa: FURB166  # no 0x there
        if 0xD800 <= code < 0xE000 or code < 0x20:  # noqa: PLR2004  # lone surrogate, control
            return character
        return f"\\u{ord(_sized(chr(code))):04x}"
    return character if len(character) > 1 or character < " " else _sized(character)


def _sized(character: str) -> str:
    code = ord(character)
    if 0xD800 <= code < 0xE000:  # noqa: PLR2004  # a byte that was no UTF-8
        return character
    stand_ins = ((0x80, ONE_BYTE), (0x800, _TWO_BYTES), (0x10000, _THREE_BYTES))
    return next((stand_in for limit, stand_in in stand_ins if code < limit), _FOUR_BYTES)


def _bare(token: str) -> str:
    """Return a number with as many digits, or ``true`` for a boolean; other words are masked."""
    if token[0] in "-0123456789":
        with_integer = _INTEGER.sub(lambda match: "1" * len(match[0]), token, count=1)
        return _FRACTION.sub(lambda match: "1" * len(match[0]), with_integer)
    match token:
        case "false":
            return "true "
        case "true" | "null":
            return token
        case _ if token.isalnum() or not token.isascii():
            return "".join(map(_sized, token))
        case _:
            return token


def _text(token: str) -> str:
    try:
        return str(json.loads(token, strict=False))
    except ValueError:
        return token.strip('"')


def is_json(text: str) -> bool:
    """Return whether the whole of `text` is JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
