"""What the other side says of its refusal or failure: quoted first, then read."""

import json
import re
from typing import Any, Final

from claimsctl.explain.entries import Entry, EntryKind, entries, token_error_in
from claimsctl.judge.attempt import Answer

QUOTED_CHARACTERS_MAX: Final = 2000
"""What is quoted of one header or body; the messages of libraries and platforms are shorter."""

_MARKUP: Final = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL)
_TOKEN: Final = re.compile(r"(?<![\w-])[\w-]{16,}+\.[\w-]{16,}+\.[\w-]*+")
"""Some services repeat the token that they refuse."""
_PAGE_CHARACTERS_MAX: Final = 200
"""What is quoted of a page: its title and first words."""
_TEXTS: Final = ("error_description", "detail", "message", "Message", "errorMessage", "error",
                 "errors", "title", "description", "reason", "code")  # fmt: skip


def quoted(answer: Answer) -> str:
    """The challenges and the message in the body, in the other side's words; may be empty."""
    challenges = [f"www-authenticate: {value}" for value in answer.all_headers("www-authenticate")]
    message = _message(answer)
    parts = [*challenges, *([f"body: {message}"] if message else [])]
    return ", ".join(_bounded(part) for part in parts)


def token_refusal(answer: Answer) -> Entry | None:
    """Why the bearer token was refused, as far as the answer says; ``None`` where it does not."""
    return token_error_in(quoted(answer))


def own_code(answer: Answer) -> Entry | None:
    """The function's own error code, where the answer is a problem+json of this project's."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    code = document.get("code") if isinstance(document, dict) else None
    entry = entries().get(code) if isinstance(code, str) else None
    return entry if entry is not None and entry.kind is EntryKind.PRODUCT_CODE else None


def names_bearer(answer: Answer) -> bool:
    """Whether a challenge asks for a bearer token (RFC 6750)."""
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
    if is_answer or document in ({}, [], None):  # claims with a wrong status are no message
        return ""
    return _text_in(document) or text


def _text_in(document: Any) -> str:
    """The texts of an error's JSON; empty where it has none of the usual members."""
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
