"""Convert saved output of curl to the form of ``curl -i``: head and body only.

``-v`` marks the head's lines and adds others, ``2>&1`` adds a progress meter, and PowerShell's
``>`` writes UTF-16.
"""

import re
from itertools import dropwhile
from typing import Final, NamedTuple

_BOM: Final = b"\xef\xbb\xbf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_STATUS_LINE: Final = re.compile(rb"HTTP/[0-9](?:\.[0-9])? [0-9]{3}\b")
_RECEIVED: Final = b"< "
_NOISE: Final = re.compile(
    rb"\s*\Z|[*>] |>\s*\Z|[{}] \[[0-9]+ bytes data\]|\s*% Total|\s*Dload|[^\n]*--:--:--|\$ |curl\b"
)
"""Lines of curl itself, or the command line: none of them is part of an answer."""
_CONNECTION_LEFT: Final = re.compile(
    rb"\* (?:Connection #[0-9]+ to host [^\n]*|Closing [^\n]*)\s*\Z"
)
"""Printed after the body, on its last line if that has no newline."""


class CurlOutput(NamedTuple):
    """The answer as ``curl -i`` prints it."""

    raw: bytes
    note: str = ""
    """What was removed from the saved text; may be empty."""


def curl_output(saved: bytes) -> CurlOutput | None:
    """Return the answer in `saved`, from its status line on, or ``None`` if there is none."""
    text, note = _utf_8(saved)
    if _STATUS_LINE.match(text):
        return CurlOutput(text, note)
    lines = list(dropwhile(_NOISE.match, text.splitlines(keepends=True)))
    if not lines:
        return None
    if _STATUS_LINE.match(lines[0]):
        return CurlOutput(b"".join(lines), _and(note, "ignored the lines before the status line"))
    if lines[0].startswith(_RECEIVED) and _STATUS_LINE.match(lines[0].removeprefix(_RECEIVED)):
        return CurlOutput(_without_marks(lines), _and(note, "ignored the lines that curl -v adds"))
    return None


def _utf_8(saved: bytes) -> tuple[bytes, str]:
    if saved.startswith(_UTF_16):
        text = saved.decode("utf-16", "replace").replace("\r\n", "\n").encode("utf-8", "replace")
        return text, "converted the file from UTF-16, which PowerShell's > writes, to UTF-8"
    return saved.removeprefix(_BOM), ""


def _and(note: str, more: str) -> str:
    return f"{note}; {more}" if note else more


def _without_marks(lines: list[bytes]) -> bytes:
    """Return the head's lines without their marks, and the body; ignore a second copy from -i."""
    head, body, is_head = b"", list[bytes](), True
    for line in lines:
        marked = line.startswith(_RECEIVED) or line.strip() == _RECEIVED.strip()
        if is_head and marked:
            head += line.removeprefix(_RECEIVED).removeprefix(_RECEIVED.strip())
        elif marked and _STATUS_LINE.match(line.removeprefix(_RECEIVED)):
            head, body, is_head = line.removeprefix(_RECEIVED), [], True
        elif not marked and not (not body and _NOISE.match(line)):
            body.append(line)
        is_head = is_head and bool(line.removeprefix(_RECEIVED.strip()).strip())
    answer = _CONNECTION_LEFT.sub(b"", b"".join(body))
    return answer if _STATUS_LINE.match(answer) else head + answer
