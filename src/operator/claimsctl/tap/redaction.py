"""Masks a recorded exchange: secrets, personal data and claim values, wherever they are in it.

Shown: ids, names of fields and claims, types, lengths, whatever the contract fixes, and the text of
errors. Masked: claim values; who the user is; signatures, keys, cookies; addresses. A masked body
is judged as the real one: every character is replaced by one of as many bytes.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from claimsctl.tap.recording import Headers, Message, RecordedExchange

Keep = Callable[[tuple[str, ...]], bool]
"""Whether the value at a path (names of the objects around it, its own last) may be shown."""

_OK: Final = 200
_GZIP: Final = b"\x1f\x8b"
_BYTE_ORDER_MARK: Final = "\ufeff"
_USER_SHOWN: Final = frozenset({"id", "userType", "createdDateTime", "preferredLanguage"})
_CLIENT_SHOWN: Final = frozenset({"locale", "market"})
_CALLOUT_SHOWN: Final = frozenset(
    {"type", "source", "@odata.type", "tenantId", "authenticationEventListenerId",
     "customAuthenticationExtensionId", "correlationId", "protocol", "id", "appId",
     "appDisplayName", "displayName"}
)  # fmt: skip
_FIXED: Final = frozenset(
    {"@odata.type", "odata.type", "@odata.context", "type", "apiSchemaVersion", "statusCode",
     "isBase64Encoded"}
)  # fmt: skip
_ERROR_SHOWN: Final = _FIXED | {
    "status", "code", "title", "detail", "details", "message", "error", "error_description",
    "errorMessage", "errorType", "errorCode", "field", "reason", "requestId", "traceId",
}  # fmt: skip

CUT: Final = "signature-cut"
_SECRET = re.compile(
    r"auth|cookie|key|token|secret|session|signature|password|credential|client-principal"
    r"|forwarded(?!-(?:proto|host|port)$)|(?:^|-|client)ip$|\bcode\b"
)
_NOT_SECRET: Final = frozenset({"www-authenticate", "proxy-authenticate"})
_EMAIL = re.compile(r"[\w.+#'-]+@[\w-]+(?:\.[\w-]+)+")
_TOKEN = re.compile(r"\b(eyJ[\w-]+)\.([\w-]+)\.([\w-]*)")
_TOKEN_SHOWN: Final = frozenset(
    {"aud", "iss", "iat", "nbf", "exp", "azp", "appid", "azpacr", "appidacr", "tid", "oid", "sub",
     "ver", "idtyp", "roles", "scp", "rh", "uti", "aio", "idp"}
)  # fmt: skip
_KNOWN_CHARACTERS_MIN: Final = 3
"""A shorter name would be found in the middle of words."""

ONE_BYTE: Final = "*"
_TWO_BYTES, _THREE_BYTES, _FOUR_BYTES = "\u00d7", "\u2022", "\U0001f784"
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


def mask_exchange(exchange: RecordedExchange) -> RecordedExchange:
    """`exchange`, masked: to be shown, kept and passed on."""
    known = tuple(_personal(exchange))
    keep = _answer_keeps if exchange.status == _OK else _error_keeps
    return replace(
        exchange,
        target=mask_target(exchange.target),
        request=_masked(exchange.request, _request_keeps, known),
        answer=_masked(exchange.answer, keep, known, errors=exchange.status != _OK),
        no_answer=exchange.no_answer
        and replace(exchange.no_answer, detail=mask_prose(exchange.no_answer.detail, known)),
    )


def mask_body(body: bytes, keep: Keep, known: tuple[str, ...], *, prose: bool) -> bytes:
    """`body` masked, as long as it was; with `prose`, text that is not JSON is for people."""
    if body.startswith(_GZIP):
        return _GZIP + bytes(len(body) - len(_GZIP))
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return mask_words(body.decode("latin-1"), sized=False).encode("latin-1")
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    text = text.removeprefix(_BYTE_ORDER_MARK)
    beginning = text.lstrip()[:1]
    if beginning in {"{", "[", '"'} or is_json(text):
        masked = mask_json(text, keep, lambda shown: mask_prose(shown, known))
    elif prose or beginning == "<":
        masked = mask_prose(text, known)
    else:
        masked = mask_words(text)
    return (mark + masked).encode("utf-8", "surrogatepass")


def _masked(side: Message, keep: Keep, known: tuple[str, ...], *, errors: bool = False) -> Message:
    body = mask_body(bytes(side.body), keep, known, prose=errors)
    return replace(side, headers=mask_headers(side.headers), body=bytearray(body))


def _request_keeps(path: tuple[str, ...]) -> bool:
    if "user" in path:
        return path[-1] in _USER_SHOWN
    return path[-1] in (_CLIENT_SHOWN if "client" in path else _CALLOUT_SHOWN)


def _answer_keeps(path: tuple[str, ...]) -> bool:
    return path[-1] in _FIXED and not _in_claims(path)


def _error_keeps(path: tuple[str, ...]) -> bool:
    return path[-1] in _ERROR_SHOWN and not _in_claims(path)


def _in_claims(path: tuple[str, ...]) -> bool:
    return any(name.casefold() == "claims" for name in path)


def _personal(exchange: RecordedExchange) -> Iterator[str]:
    """What the callout says about its user."""
    match read_callout(exchange):
        case {"data": {"authenticationContext": {"user": {**user}}}}:
            yield from sorted(
                (
                    value
                    for name, value in user.items()
                    if isinstance(value, str) and name not in _USER_SHOWN
                ),
                key=len,
                reverse=True,  # an address before the name in it
            )


def read_callout(exchange: RecordedExchange) -> Any:
    """The request's body as JSON; ``None`` if it is not JSON, or not all of it was kept."""
    if not exchange.request.whole:
        return None
    try:
        return json.loads(exchange.request.body)
    except (ValueError, RecursionError):
        return None


def mask_headers(headers: Headers) -> Headers:
    """`headers`, names as they are."""
    return tuple((name, _mask_value(name.lower(), value)) for name, value in headers)


def mask_target(target: str) -> str:
    """A path or URL, the values of its query masked: keys of functions are there (``?code=``)."""
    path, question, query = target.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&")]
    return (
        path
        + question
        + "&".join(
            name + equals + ONE_BYTE * len(value) if equals else ONE_BYTE * len(name)
            for name, equals, value in pairs
        )
    )


def mask_token(token: str) -> str:
    """A bearer token without its signature, and without its claims about a person."""
    match = _TOKEN.fullmatch(token)
    return f"{match[1]}.{_mask_payload(match[2])}.{CUT}" if match else ONE_BYTE * len(token)


def mask_prose(text: str, known: Iterable[str] = ()) -> str:
    """Text for people, without addresses, tokens, and `known` values that say who the user is."""
    for value in known:
        if len(value) >= _KNOWN_CHARACTERS_MIN:
            text = text.replace(value, ONE_BYTE * len(value))
    text = _TOKEN.sub(lambda match: mask_token(match[0]), text)
    return _EMAIL.sub(lambda match: ONE_BYTE * len(match[0]), text)


def _mask_value(name: str, value: str) -> str:
    if name == "authorization":
        scheme, blank, token = value.partition(" ")
        return scheme + blank + mask_token(token) if blank else ONE_BYTE * len(value)
    if name in {"location", "referer"}:
        return mask_prose(mask_target(value))
    if _SECRET.search(name) and name not in _NOT_SECRET:
        return ONE_BYTE * len(value)
    return mask_prose(value)


def _mask_payload(payload: str) -> str:
    try:
        text = urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode("utf-8")
    except (Error, ValueError):
        return ONE_BYTE * len(payload)
    masked = mask_json(text, lambda path: path[-1] in _TOKEN_SHOWN, mask_prose)
    return urlsafe_b64encode(masked.encode("utf-8")).rstrip(b"=").decode("ascii")


def mask_json(text: str, keep: Keep, shown: Callable[[str], str]) -> str:
    """`text` with its values masked, except those that `keep` allows: they go through `shown`."""
    masked: list[str] = []
    path: list[str] = []
    """A name for each open object or list; what is in a list has the list's name."""
    name = ""
    tokens = _JSON_TOKEN.findall(text)
    for index, token in enumerate(tokens):
        match token[0]:
            case '"' if _is_name(tokens, index):
                name = _text(token)
                masked.append(token)
            case '"':
                masked.append(_string(token, keep, shown, (*path, name)))
            case "{" | "[":
                path.append(name)
                name = "" if token.startswith("{") else name
                masked.append(token)
            case "}" | "]":
                name = path.pop() if path else ""
                masked.append(token)
            case _ if keep((*path, name)):
                masked.append(token)
            case _:
                masked.append(_bare(token))
    return "".join(masked)


def _is_name(tokens: list[str], index: int) -> bool:
    following = (token for token in tokens[index + 1 : index + 3] if not token.isspace())
    return next(following, "") == ":"


def _string(token: str, keep: Keep, shown: Callable[[str], str], path: tuple[str, ...]) -> str:
    if keep(path):
        return shown(token)
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
