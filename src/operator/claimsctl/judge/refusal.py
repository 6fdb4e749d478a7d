"""Quote and interpret the other side's message about a refusal or failure."""

import json
import re
from typing import Any, Final
from urllib.parse import urlsplit

from claimsctl.explain.entries import Entry, EntryKind, entries, token_error_in
from claimsctl.judge.attempt import Answer
from claimsctl.judge.content import readable_text

QUOTED_CHARACTERS_MAX: Final = 2000
"""The maximum quoted length of a header or body; messages of libraries are shorter."""
_READ_BYTES: Final = 128 * 1024
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
LOGIN_CURE: Final = (
    "Configure the login in front to answer 401 to calls without a valid token (App Service:"
    " unauthenticatedClientAction Return401) and to accept bearer tokens."
)
CHALLENGE_CURE: Final = (
    "Verify Entra's bearer token in the service, then remove this login from the target URL's path:"
    " Entra cannot use it."
)

_MARKUP: Final = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL)
_TOKEN: Final = re.compile(r"(?<![\w-])[\w-]{16,}+\.[\w-]{16,}+\.[\w-]*+")
"""A token: some services repeat the token that they refuse."""
_PAGE_CHARACTERS_MAX: Final = 200
"""The maximum quoted length of a page: its title and first words."""
_LOGIN_HOSTS: Final = (
    "login.microsoftonline.com", "login.windows.net", "login.microsoftonline.us",
    "login.partner.microsoftonline.cn", ".ciamlogin.com", ".b2clogin.com", "accounts.google.com",
)  # fmt: skip
_LOGIN_PATHS: Final = ("/.auth/login", "/login", "/signin", "/oauth2/authorize", "/account/login")
_TEXTS: Final = ("error_description", "detail", "message", "Message", "errorMessage", "error",
                 "errors", "title", "description", "reason", "code")  # fmt: skip


def quoted(answer: Answer) -> str:
    """Return the challenges and the body's message as the other side sent them; may be empty."""
    challenges = [f"www-authenticate: {value}" for value in answer.all_headers("www-authenticate")]
    message = _message(answer)
    parts = [*challenges, *([f"body: {message}"] if message else [])]
    return ", ".join(_bounded(part) for part in parts)


def token_refusal(answer: Answer) -> Entry | None:
    """Return why the bearer token was refused, or ``None`` if the answer does not say."""
    return token_error_in(quoted(answer))


def own_code(answer: Answer) -> Entry | None:
    """Return the function's own error code, if the answer is a problem+json of this project."""
    try:
        document = json.loads(_text(answer))
    except (ValueError, RecursionError):
        return None
    code = document.get("code") if isinstance(document, dict) else None
    entry = entries().get(code) if isinstance(code, str) else None
    return entry if entry is not None and entry.kind is EntryKind.PRODUCT_CODE else None


def names_bearer(answer: Answer) -> bool:
    """Return whether a challenge requests a bearer token (RFC 6750)."""
    return any(
        re.search(r"(?:^|,)\s*bearer\b", value, re.IGNORECASE)
        for value in answer.all_headers("www-authenticate")
    )


def other_scheme(answer: Answer) -> str:
    """Return the schemes that the challenges request, if none is Bearer; may be empty."""
    if names_bearer(answer):
        return ""
    challenges = answer.all_headers("www-authenticate")
    return ", ".join(value.split(" ", 1)[0] for value in challenges)


def login_of(answer: Answer) -> str | None:
    """Return the host or path of the login page that `answer` redirects to, if it does."""
    location = answer.header("location") if answer.status in REDIRECTS else None
    if location is None:
        return None
    try:
        host, path = urlsplit(location).hostname or "", urlsplit(location).path.lower()
    except ValueError:
        return None
    is_login = host.endswith(_LOGIN_HOSTS) or path.startswith(_LOGIN_PATHS)
    return (host or path) if is_login else None


def _text(answer: Answer) -> str:
    return readable_text(answer, _READ_BYTES)


def _message(answer: Answer) -> str:
    text = _text(answer).strip()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        text = text[: 4 * QUOTED_CHARACTERS_MAX]
        if not text.startswith("<"):
            return text
        words = " ".join(_MARKUP.sub(" ", text).split())
        return words[:_PAGE_CHARACTERS_MAX]
    is_answer = isinstance(document, dict) and "data" in document
    if is_answer or document in ({}, [], None):  # claims with a wrong status are not a message
        return ""
    return _text_in(document) or text


def _text_in(document: Any) -> str:
    """Return the texts of an error's JSON; empty without any of the usual members."""
    if isinstance(document, str):
        return document
    if isinstance(document, list):
        return "; ".join(filter(None, map(_text_in, document)))
    if not isinstance(document, dict):
        return ""
    texts = [_text_in(document[name]) for name in _TEXTS if name in document]
    return ": ".join(dict.fromkeys(filter(None, reversed(texts))))


def _bounded(text: str) -> str:
    text = _TOKEN.sub("(a token)", text)
    cut = f"… ({len(text)} characters)"
    return text if len(text) <= QUOTED_CHARACTERS_MAX else text[:QUOTED_CHARACTERS_MAX] + cut
