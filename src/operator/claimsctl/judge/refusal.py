"""Quote and interpret the other side's message about a refusal or failure."""

import json
import re
from typing import Any, Final

from claimsctl.explain.entries import Entry, EntryKind, entries, token_error_in
from claimsctl.judge.attempt import Answer

QUOTED_CHARACTERS_MAX: Final = 2000
"""The most that is quoted of a header or body; messages of libraries and platforms are shorter."""

_MARKUP: Final = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL)
_TOKEN: Final = re.compile(r"(?<![\w-])[\w-]{16,}+\.[\w-]{16,}+\.[\w-]*+")
"""Some services repeat the token that they refuse."""
_PAGE_CHARACTERS_MAX: Final = 200
"""The most that is quoted of a page: its title and first words."""
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
        document = json.loads(answer.body)
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


def _message(answer: Answer) -> str:
    text = answer.body[: 4 * QUOTED_CHARACTERS_MAX].decode("utf-8", "replace").strip()
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
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
