"""Numbers that Entra or this service fixes, each with where it comes from."""

from typing import Final

ENTRA_WAIT_MS_MIN: Final = 200
"""Shortest wait an extension can be given (``timeoutInMilliseconds``); Entra's documentation."""

ENTRA_WAIT_MS_MAX: Final = 2000
"""Longest wait an extension can be given; Entra's documentation."""

ENTRA_WAIT_MS_DEFAULT: Final = 1000
"""What Entra waits for an extension whose configuration names no wait; Entra's documentation."""

CLAIMS_BYTES_MAX: Final = 3 * 1024
"""Entra's documented 3 KB for all claims of one answer: the sum of all keys and values.

How Entra counts is not documented. We count UTF-8 bytes, the larger of the plausible readings.
"""

BODY_BYTES_MAX: Final = 64 * 1024
"""Largest request body we read. Ours: a callout is about 2 KB, whoever sends more is not Entra."""

BODY_DEPTH_MAX: Final = 32
"""Deepest nesting we read. Ours: a callout nests five levels deep."""

ADDRESS_BYTES_MAX: Final = 320
"""Longest address usable as a key: 64 for the local part, ``@``, 255 for the domain (RFC 5321)."""

EXPIRES_AT_MAX: Final = 99_999_999_999
"""Latest believable ``expires_at``, in epoch seconds (the year 5138).

A larger number is milliseconds taken for seconds: claims that would never expire.
"""
