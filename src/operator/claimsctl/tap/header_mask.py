"""Headers, targets, tokens and prose without what opens a door or says who somebody is."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Iterable
from typing import Final

from claimsctl.tap.json_mask import ONE_BYTE, mask_json
from claimsctl.tap.sighting import Headers

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
    """A bearer token without its signature, and without what it says about a person."""
    match = _TOKEN.fullmatch(token)
    return f"{match[1]}.{_mask_payload(match[2])}.{CUT}" if match else ONE_BYTE * len(token)


def mask_prose(text: str, known: Iterable[str] = ()) -> str:
    """Text for people without addresses, tokens, and what is `known` to say who the user is."""
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
