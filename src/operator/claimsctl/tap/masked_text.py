r"""Mask text for people: addresses, tokens, keys in URLs, and values that name the user.

Sensitive values are found in the decoded text, so that an escape (``O\u0027Brien``, ``%40``,
``&#39;``), a different case or base64 does not hide them. Each step reads the text once, so its
time is proportional to the text's length.
"""

import json
import re
import unicodedata
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from itertools import islice
from typing import Final, NamedTuple

from claimsctl.tap.masked_json import ONE_BYTE, mask_json, mask_text

CUT: Final = "signature-cut"
"""What is shown instead of a token's signature."""

KNOWN_MAX: Final = 100
"""How many values each text is searched for. A user has about twenty; an attacker could send
thousands, to be searched for in as many texts."""
_KNOWN_CHARACTERS_MIN: Final = 3
"""The shortest value: shorter ones would match inside words."""
_DECODED_ROUNDS: Final = 3
"""How many levels of escapes are decoded, such as JSON in JSON in a URL."""
_WRAPPED_MAX: Final = 3
"""How many levels of base64 are decoded."""
_JWT_PARTS_MIN: Final = 2

_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}"
    r"|\\[\"'\\/bfnrt]|(?:%[0-9a-fA-F]{2})+"
    r"|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);"
)
_DOTTED = re.compile(r"(?<![\w.-])[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]*+)++")
_BASE64 = re.compile(r"[A-Za-z0-9_+/-]{16,}+={0,2}")
_BASE64_PART = re.compile(r"[A-Za-z0-9_+-]{16,}+={0,2}")
_QUERY = re.compile(r"(?<=[^\s?#])[?#]([^\s\"'<>`\\]*+)")
_USER_INFO = re.compile(r"://([^\s/@\"'<>]*+)@")
_ASSIGNED = re.compile(
    r"(?<![A-Za-z])(?:pass(?:word|wd|phrase)|pwd|(?:client_?)?secret|credentials?|sig"
    r"|(?:access|account|api|function|host|master|shared_?access|subscription)_?-?key"
    r"|(?:access|refresh|id|session)_?-?token|client_assertion|sharedaccesssignature)"
    r"[\"']?\s{0,4}[:=]\s{0,4}[\"']?([^\s\"',;&<>\\]++)",
    re.IGNORECASE,
)
_SCHEME = re.compile(
    r"\b(?:bearer|basic)\s{1,4}([\w+/.~-]{12,}+(?:={1,2}(?=[\s,;]|\Z)|(?=[\s,;\"'\\]|\Z)))",
    re.IGNORECASE,
)
_SUSPICIOUS = re.compile(r"[@\\%&?#=:.]|[\w+/~-]{12}")
_ADDRESS_CHARACTERS: Final = frozenset(".+#'-_")
_TOKEN_SHOWN: Final = frozenset(
    {"aud", "iss", "iat", "nbf", "exp", "azp", "appid", "azpacr", "appidacr", "tid", "oid", "sub",
     "ver", "idtyp", "roles", "scp", "rh", "uti", "aio", "idp"}
)  # fmt: skip


class _Span(NamedTuple):
    """Characters to hide, and their replacement; ``None`` means the same number of bytes."""

    start: int
    end: int
    shown: str | None = None
    is_part: bool = False
    """Whether a token that contains it already hides it."""


class _Decoded(NamedTuple):
    """Text without escapes; `starts` has the position of each character in the raw text."""

    text: str
    starts: list[int] | None
    """``None`` if positions are unchanged. Otherwise, one more entry than there are characters."""


class ProseMask:
    """Masks text for people. Created for each exchange, because it knows the user's values."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        """`known` has the values that name the user; values under three characters are ignored.

        Only the first `KNOWN_MAX` are used.
        """
        folded = (_folded(value)[0] for value in known)
        long_enough = (value for value in folded if len(value) >= _KNOWN_CHARACTERS_MIN)
        self._spellings = list(islice(dict.fromkeys(long_enough), KNOWN_MAX))

    @property
    def known(self) -> int:
        """Return how many values each text is searched for."""
        return len(self._spellings)

    def __call__(self, text: str) -> str:
        """Return `text` without addresses, tokens, keys and known values in any spelling."""
        if self._is_harmless(text):
            return text
        decoded = _decoded(text)
        spans = sorted(
            _spans(decoded.text, self._spellings), key=lambda span: (span.start, -span.end)
        )
        masked: list[str] = []
        at = 0
        for span in _merged(spans):
            start, end = span.start, span.end
            if decoded.starts is not None:
                start, end = decoded.starts[start], decoded.starts[end]
            masked += [text[at:start], span.shown or mask_text(text[start:end])]
            at = end
        return "".join([*masked, text[at:]])

    def _is_harmless(self, text: str) -> bool:
        """Return whether the text is so simple that it cannot contain anything sensitive."""
        if not text.isascii() or _SUSPICIOUS.search(text):
            return False
        folded = text.lower()
        return not any(value in folded for value in self._spellings)


def mask_target(target: str, mask: Callable[[str], str]) -> str:
    """Return a path or URL with its path masked by `mask` and its query values hidden."""
    path, question, query = target.partition("?")
    return mask(path) + question + _hidden_values(query)


def mask_token(token: str) -> str:
    """Return a bearer token without its signature and its claims about a person."""
    header, dot, rest = token.partition(".")
    if not dot or _json_object(header) is None:
        return ONE_BYTE * len(token)
    return f"{header}.{_mask_payload(rest.partition('.')[0])}.{CUT}"


def _mask_payload(payload: str) -> str:
    text = _json_object(payload)
    if text is None:
        return ONE_BYTE * len(payload)
    masked = mask_json(text, lambda path: path[-1] in _TOKEN_SHOWN, ProseMask())
    return urlsafe_b64encode(masked.encode("utf-8", "surrogatepass")).rstrip(b"=").decode("ascii")


def _json_object(part: str) -> str | None:
    """Return the JSON object in a part of a token, or ``None``."""
    try:
        text = urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("utf-8")
    except (Error, ValueError):
        return None
    return text if text.lstrip().startswith("{") else None


# Escapes


def _decoded(text: str) -> _Decoded:
    decoded = _Decoded(text, None)
    for _ in range(_DECODED_ROUNDS):
        if not _ESCAPE.search(decoded.text):
            break
        decoded = _decoded_once(decoded)
    return decoded


def _decoded_once(before: _Decoded) -> _Decoded:
    raw = before.text
    origin = before.starts or range(len(raw) + 1)
    characters: list[str] = []
    starts: list[int] = []
    at = 0
    for match in _ESCAPE.finditer(raw):
        characters += raw[at : match.start()]
        starts += origin[at : match.start()]
        for character, start in _escaped_characters(match[0]):
            characters.append(character)
            starts.append(origin[match.start() + start])
        at = match.end()
    characters += raw[at:]
    starts += origin[at:]
    return _Decoded("".join(characters), starts)


def _escaped_characters(escape: str) -> list[tuple[str, int]]:
    """Return the characters of an escape, and the position of each in it."""
    if escape.startswith("&"):
        return [(character, 0) for character in unescape(escape)]
    if escape.startswith("\\"):
        return [(json.loads(f'"{escape}"') if escape != "\\'" else "'", 0)]
    octets = bytes.fromhex(escape.replace("%", ""))
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        text = octets.decode("latin-1")
        return [(character, 3 * index) for index, character in enumerate(text)]
    characters, start = [], 0
    for character in text:
        characters.append((character, start))
        start += 3 * len(character.encode("utf-8"))
    return characters


# What is sensitive


def _spans(text: str, spellings: list[str], wrapped: int = 0) -> Iterator[_Span]:
    yield from _known_values(text, spellings)
    yield from _addresses(text)
    yield from _tokens(text)
    for pattern in (_USER_INFO, _ASSIGNED, _SCHEME):
        for match in pattern.finditer(text):
            yield from _unless_token(match)
    for match in _QUERY.finditer(text):
        yield from _query_values(match[1], match.start(1))
    if wrapped < _WRAPPED_MAX:
        yield from _wrapped(text, spellings, wrapped)


def _unless_token(match: re.Match[str]) -> Iterator[_Span]:
    """Show a token without its signature."""
    if next(_tokens(match[1]), None) is None:
        yield _Span(*match.span(1))


def _known_values(text: str, spellings: list[str]) -> Iterator[_Span]:
    if not spellings:
        return
    folded, index = _folded(text)
    for value in spellings:
        at = folded.find(value)
        while at >= 0:
            last = index[at + len(value) - 1]
            yield _Span(index[at], last + 1)
            at = folded.find(value, at + len(value))


def _folded(text: str) -> tuple[str, "range | list[int]"]:
    """Return `text` without case and accents, and the original index of each character."""
    if text.isascii():
        return text.lower(), range(len(text))
    characters: list[str] = []
    index: list[int] = []
    for number, character in enumerate(text):
        plain = "'" if character == "\u2019" else character
        for part in unicodedata.normalize("NFKD", plain).casefold():
            if not unicodedata.combining(part):
                characters.append(part)
                index.append(number)
    return "".join(characters), index


def _addresses(text: str) -> Iterator[_Span]:
    """Find ``local@domain.tld`` starting from the @; text without one is not searched."""
    at = text.find("@")
    while at >= 0:
        start, end = at, at + 1
        while start and _is_in_address(text[start - 1]):
            start -= 1
        while end < len(text) and (text[end].isalnum() or text[end] in "-_."):
            end += 1
        domain = text[at + 1 : end].strip(".")
        if start < at and "." in domain:
            yield _Span(start, end - (text[end - 1] == "."))
        at = text.find("@", end)


def _is_in_address(character: str) -> bool:
    return character.isalnum() or character in _ADDRESS_CHARACTERS


def _tokens(text: str) -> Iterator[_Span]:
    """Find JSON Web Tokens: two or more parts with dots, of which one contains a JSON object."""
    for match in _DOTTED.finditer(text):
        parts = match[0].split(".")
        start = match.start()
        for number, part in enumerate(parts[:-1]):
            if len(part) >= _JWT_PARTS_MIN and _json_object(part) is not None:
                yield _Span(start, match.end(), mask_token(".".join(parts[number:])))
                break
            start += len(part) + 1


def _query_values(query: str, start: int) -> Iterator[_Span]:
    """The values of a URL's query or fragment."""
    if "=" not in query:
        return
    for pair in query.split("&"):
        name, equals, value = pair.partition("=")
        at = start + len(name) + len(equals) if equals else start
        hidden = value if equals else name
        if hidden:
            yield _Span(at, at + len(hidden))
        start += len(pair) + 1


def _hidden_values(query: str) -> str:
    pairs = [pair.partition("=") for pair in query.split("&")]
    return "&".join(
        name + equals + ONE_BYTE * len(value) if equals else ONE_BYTE * len(name)
        for name, equals, value in pairs
    )


def _wrapped(text: str, spellings: list[str], wrapped: int) -> Iterator[_Span]:
    """Find base64 of a text that contains something sensitive."""
    for match in _BASE64.finditer(text):
        parts = [match, *_BASE64_PART.finditer(text, *match.span())] if "/" in match[0] else [match]
        for part in parts:
            inner = _base64_text(part[0])
            if inner is None:
                continue
            decoded = _decoded(inner).text
            if next(_spans(decoded, spellings, wrapped + 1), None) is not None:
                yield _Span(*part.span(), is_part=True)


def _base64_text(part: str) -> str | None:
    """Return the text in `part`, if it is base64 of text."""
    plain = part.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    try:
        octets = b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        text = octets.decode("utf-16-le" if b"\x00" in octets[:4] else "utf-8")
    except (Error, ValueError):
        return None
    return text if all(each.isprintable() or each in "\r\n\t" for each in text) else None


def _merged(spans: list[_Span]) -> Iterator[_Span]:
    """Return spans without overlaps; overlapping spans are hidden as a whole."""
    merged: _Span | None = None
    for span in spans:
        if merged is None or span.start >= merged.end:
            if merged is not None:
                yield merged
            merged = span
        elif merged.shown is None or not span.is_part:
            merged = _Span(merged.start, max(merged.end, span.end))
    if merged is not None:
        yield merged
