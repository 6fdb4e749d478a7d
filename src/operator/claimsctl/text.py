"""Escaping of untrusted text for terminals and XML."""

import re

_UNSHOWABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
"""Unicode's categories Cc, Zl, Zp and Cs, then Cf, as of version 16.

Control characters can control a terminal, and line separators begin a new line. Format characters
are invisible and can reorder the text around them. Lone surrogates cannot be encoded.
"""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escaped(text: str) -> str:
    """Return `text` with control and invisible characters replaced by escapes, on one line."""
    return _UNSHOWABLE.sub(_spelled, text)


def in_quotes(text: str) -> str:
    """Return `text` escaped and in quotes; a backslash in it is shown as one backslash."""
    quote = '"' if "'" in text and '"' not in text else "'"
    return f"{quote}{escaped(text)}{quote}"


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  # 4 digits


def xml_text(text: str) -> str:
    """Return `text` escaped, without the characters that XML 1.0 cannot represent at all."""
    return _NOT_XML.sub("\ufffd", escaped(text))
