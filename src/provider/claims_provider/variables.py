"""The text of an environment variable → its value, or what was expected and what was found."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

Read = Callable[[str], Any]
"""What makes a value of a variable's text; raises ``ValueError``."""

_SWITCHES: Final = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}


def choice(kind: type[StrEnum]) -> Read:
    """One of the values of `kind`, letter for letter."""

    def read(text: str) -> StrEnum:
        try:
            return kind(text)
        except ValueError:
            *most, last = (f"'{value}'" for value in kind)
            message = f"expected {', '.join(most)} or {last}, found {text!r}"
            raise ValueError(message) from None

    return read


def integer(least: int, most: int) -> Read:
    """A whole number from `least` to `most`."""

    def read(text: str) -> int:
        number: int | None = None
        with suppress(ValueError):
            number = int(text)
        if number is None or not least <= number <= most:
            message = f"expected an integer from {least} to {most}, found {text!r}"
            raise ValueError(message)
        return number

    return read


def listed(read_part: Read, *, at_least: int = 0, at_most: int | None = None) -> Read:
    """A comma-separated list; none twice, spaces around commas ignored."""

    def read(text: str) -> tuple[Any, ...]:
        parts = (part.strip() for part in text.split(","))
        values = tuple(dict.fromkeys(read_part(part) for part in parts if part))
        if len(values) < at_least:
            message = f"expected at least {at_least}, found none"
            raise ValueError(message)
        if at_most is not None and len(values) > at_most:
            message = f"expected at most {at_most}, found {len(values)}"
            raise ValueError(message)
        return values

    return read


def set_of(read_part: Read) -> Read:
    """A comma-separated list in no order."""
    read = listed(read_part)
    return lambda text: frozenset(read(text))


def switch(text: str) -> bool:
    """``true`` or ``false``, and what else people write for them."""
    if text.lower() not in _SWITCHES:
        message = f"expected true or false, found {text!r}"
        raise ValueError(message)
    return _SWITCHES[text.lower()]


def moment(text: str) -> float:
    """ISO 8601 with a zone, in epoch seconds."""
    found: datetime | None = None
    with suppress(ValueError):
        found = datetime.fromisoformat(text)
    if found is None or found.tzinfo is None:
        message = (
            f"expected a date and time with its zone such as 2026-12-31T18:00:00Z, found {text!r}"
        )
        raise ValueError(message)
    return found.timestamp()
