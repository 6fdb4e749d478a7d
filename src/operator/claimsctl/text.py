"""Text from outside, made safe for a terminal."""

import re

_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters and lone surrogates."""


def escaped(text: str) -> str:
    """`text` on one line, with control characters escaped, so that it cannot control a terminal."""
    return _UNSHOWABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
