"""The readable form of a body: decompressed and decoded.

Entra reads the body unchanged.
"""

import zlib
from typing import Final

from claimsctl.judge.attempt import Answer

_GZIP: Final = b"\x1f\x8b"
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
_WINDOWS: Final = "cp1252"
"""The encoding of pages that are not in UTF-8: a superset of Latin-1."""
_CHARACTER_BYTES_MAX: Final = 4


def readable_bytes(answer: Answer, bytes_max: int) -> bytes:
    """Return the first `bytes_max` bytes of the body, decompressed from gzip or deflate."""
    is_deflated = _encoding(answer) == "deflate" and not _is_text(answer.body[:bytes_max])
    if is_deflated or answer.body.startswith(_GZIP):
        return _unpacked(answer.body, bytes_max)
    return answer.body[:bytes_max]


def readable_text(answer: Answer, bytes_max: int) -> str:
    """Return the same as text; for other compressions, the size and the encoding."""
    content = readable_bytes(answer, bytes_max)
    if _is_text(content):
        return content.decode("utf-8", "replace")
    encoding = _encoding(answer)
    if encoding and content == answer.body[:bytes_max]:
        return f"({len(answer.body)} bytes, compressed: {encoding})"
    return content.decode(_WINDOWS, "replace")


def _encoding(answer: Answer) -> str:
    return (answer.header("content-encoding") or "").strip().lower()


def _is_text(content: bytes) -> bool:
    """Return whether `content` is UTF-8, ignoring an incomplete character at the end."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.end == len(content) and error.start > len(content) - _CHARACTER_BYTES_MAX
    return True


def _unpacked(packed: bytes, bytes_max: int) -> bytes:
    """Decompress up to `bytes_max` bytes; return `packed` itself if that fails."""
    for wbits in (_GZIP_OR_ZLIB, -zlib.MAX_WBITS):  # deflate is sent with and without zlib's header
        try:
            return zlib.decompressobj(wbits).decompress(packed, bytes_max)
        except zlib.error:
            continue
    return packed[:bytes_max]
