"""Which proxy or platform has answered in the service's place, and what to do about it.

One table, ``platforms.toml``, for every command that shows an answer. Its head says what the fields
mean.
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
    """A case of the table: who answers, why, and the one thing to do."""

    name: str
    case: str
    do: str
    source: str
    """``doc``, ``code`` or ``field``: how sure its marks are."""
    knows_tokens: bool
    """Whether its 401 or 403 is the work of something that checks bearer tokens."""
    statuses: frozenset[int]
    """Empty: any."""
    header: re.Pattern[str] | None
    value: re.Pattern[str] | None
    without: re.Pattern[str] | None
    """What no header may have, as ``name: value``."""
    anywhere: re.Pattern[str] | None
    body: re.Pattern[str] | None

    def fits(self, answer: Answer, text: str) -> bool:
        """Whether `answer`, whose body is `text`, has all its marks."""
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
    """The table, in the order in which its entries count."""
    table = Path(__file__).with_name("platforms.toml").read_text("utf-8")
    return tuple(map(_platform, tomllib.loads(table)["platform"]))


def platform_of(answer: Answer) -> Platform | None:
    """The platform that made `answer`; ``None`` where nothing shows one.

    An answer that Entra would accept is the service's, whatever its claims say: ask only about
    others.
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
