"""Recognise the proxy or platform that answered instead of the service, and advise what to do.

All commands that show an answer use the table in ``platforms.toml``, which describes its fields.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from claimsctl.judge.attempt import Answer
from claimsctl.judge.content import readable_text

_READ_BYTES: Final = 50_000
_HTML: Final = "text/html"
_PAGE: Final = re.compile(r"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
"""A page that was saved without its head."""
MESSAGE_CHARACTERS: Final = 600
"""A platform's message without markup is short; a long text that names one is about that one."""


@dataclass(frozen=True, slots=True)
class Platform:
    """An entry of the table: the platform that answers, why, and what to do."""

    name: str
    case: str
    do: str
    source: str
    """``doc``, ``code`` or ``field``: the source of its marks."""
    knows_tokens: bool
    """Whether its 401 or 403 comes from a check of bearer tokens."""
    statuses: frozenset[int]
    """Empty means any status."""
    header: re.Pattern[str] | None
    value: re.Pattern[str] | None
    without: re.Pattern[str] | None
    """What no header may have, as ``name: value``."""
    anywhere: re.Pattern[str] | None
    body: re.Pattern[str] | None

    def fits(self, answer: Answer, text: str) -> bool:
        """Return whether `answer`, whose body is `text`, matches all marks."""
        if self.statuses and answer.status not in self.statuses:
            return False
        if self.body is not None and not self.body.search(text):
            return False
        if self.without is not None and any(
            self.without.search(f"{name}: {value}") for name, value in answer.headers
        ):
            return False
        if self.anywhere is not None and not any(
            map(self.anywhere.search, (text, *(value for _, value in answer.headers)))
        ):
            return False
        return self.header is None or any(
            self.header.fullmatch(name) and (self.value is None or self.value.search(value))
            for name, value in answer.headers
        )


@cache
def platforms() -> tuple[Platform, ...]:
    """Return the table's entries; the first match counts."""
    table = Path(__file__).with_name("platforms.toml").read_text("utf-8")
    return tuple(map(_platform, tomllib.loads(table)["platform"]))


def platform_of(answer: Answer) -> Platform | None:
    """Return the platform that sent `answer`, or ``None`` if none is recognised.

    Call this only for answers that Entra would reject: an accepted answer comes from the service,
    even if its claims mention a platform.
    """
    text = readable_text(answer, _READ_BYTES)
    is_page = _HTML in (answer.header("content-type") or "").lower() or _PAGE.match(text)
    readable = text if is_page or len(text) < MESSAGE_CHARACTERS else "(a long text)"
    return next((each for each in platforms() if each.fits(answer, readable)), None)


def _platform(fields: dict[str, Any]) -> Platform:
    header, value, without, anywhere, body = (
        _pattern(fields.get(name)) for name in ("header", "value", "without", "anywhere", "body")
    )
    return Platform(
        fields["name"],
        fields["case"],
        fields["do"],
        fields["source"],
        fields.get("knows_tokens", False),
        frozenset(fields.get("status", ())),
        header,
        value,
        without,
        anywhere,
        body,
    )


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return None if text is None else re.compile(text, re.IGNORECASE | re.DOTALL)
