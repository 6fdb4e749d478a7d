"""Text from outside, made safe to show."""

import re

_UNSHOWABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
"""Unicode's categories Cc, Zl, Zp and Cs, then Cf, as of version 16.

Control characters steer a terminal; line separators begin a line; format characters are not seen
and turn the text round them about; a lone surrogate cannot be written at all.
"""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escaped(text: str) -> str:
    """`text` on one line, reading from left to right, with what cannot be seen spelled out."""
    return _UNSHOWABLE.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  # 4 digits


def xml_text(text: str) -> str:
    """`text` escaped, without what XML 1.0 cannot hold, not even as a reference."""
    return _NOT_XML.sub("\ufffd", escaped(text))
