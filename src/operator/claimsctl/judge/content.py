"""A body as people read it: unpacked where it came compressed. What Entra reads is the body."""

import zlib
from typing import Final

from claimsctl.judge.attempt import Answer

_GZIP: Final = b"\x1f\x8b"
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS


def readable_text(answer: Answer, bytes_max: int) -> str:
    """The first `bytes_max` bytes of the body, or of what gzip or deflate has packed in it."""
    is_deflated = (answer.header("content-encoding") or "").strip().lower() == "deflate"
    content = answer.body
    if is_deflated or content.startswith(_GZIP):
        content = _unpacked(content, bytes_max)
    return content[:bytes_max].decode("utf-8", "replace")


def _unpacked(packed: bytes, bytes_max: int) -> bytes:
    """What can be unpacked, up to `bytes_max`; `packed` itself where nothing can."""
    for wbits in (_GZIP_OR_ZLIB, -zlib.MAX_WBITS):  # deflate comes with and without zlib's head
        try:
            return zlib.decompressobj(wbits).decompress(packed, bytes_max)
        except zlib.error:
            continue
    return packed
