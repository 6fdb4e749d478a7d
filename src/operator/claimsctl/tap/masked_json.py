"""JSON masked character by character: as long as it was, of the same shape, and without values.

Each character of a value is replaced by one of as many bytes, a digit by 1, ``false`` by ``true``;
so the masked text is judged as the real one, also where it is not quite JSON.
"""

import json
import re
from collections.abc import Callable
from typing import Final

Keep = Callable[[tuple[str, ...]], bool]
"""Whether the value at a path (names of the objects around it, its own last) may be shown."""

ONE_BYTE: Final = "*"
_TWO_BYTES, _THREE_BYTES, _FOUR_BYTES = "\u00d7", "\u2022", "\U0001f784"
_DEPTH_MAX: Final = 64
"""Nothing that is nested deeper is shown: a path costs as much as it is deep."""
_JSON_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)'  # a string, perhaps without its end
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
    """`text` with its values masked, except those that `keep` allows: they go through `shown`."""
    masked: list[str] = []
    path: list[str] = []
    """A name for each open object or list; what is in a list has the list's name."""
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
    if inner[:1] in {"{", "["} and is_json(inner):  # wrapped once too often
        return json.dumps(mask_json(inner, keep, shown), ensure_ascii=False)
    end = token[-1] if len(token) > 1 and token.endswith('"') else ""
    return '"' + mask_text(token[1 : len(token) - len(end)]) + end


def mask_text(text: str) -> str:
    """Every character of `text`, as a JSON string has it, replaced by one of as many bytes."""
    return _CHARACTER.sub(lambda match: _stand_in(match[0]), text)


def mask_words(text: str, *, sized: bool = True) -> str:
    """`text`, which is not JSON, with letters and digits replaced; only ASCII's, if not `sized`."""
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
    """A number of as many digits, ``true`` for both; words that JSON does not have are masked."""
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
    """Whether `text` is JSON as a whole."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
