"""Limits set by Entra or this service, with their sources."""

from typing import Final

ENTRA_WAIT_MS_MIN: Final = 200
"""The smallest ``timeoutInMilliseconds`` of an extension; source: Entra's documentation."""

ENTRA_WAIT_MS_MAX: Final = 2000
"""The largest ``timeoutInMilliseconds`` of an extension; source: Entra's documentation."""

ENTRA_WAIT_MS_DEFAULT: Final = 1000
"""The default ``timeoutInMilliseconds`` of an extension; source: Entra's documentation."""

CLAIMS_BYTES_MAX: Final = 3 * 1024
"""Entra's documented 3 KB for all claims of one answer: the sum of all keys and values.

How Entra counts is not documented. UTF-8 bytes are the larger of the plausible readings.
"""

BODY_BYTES_MAX: Final = 64 * 1024
"""The largest request body that is read. This service's limit: a callout has about 2 KB."""

BODY_DEPTH_MAX: Final = 32
"""The deepest JSON that is read. This service's limit: a callout has five levels."""

ADDRESS_BYTES_MAX: Final = 320
"""The longest address as a key: 64 for the local part, ``@``, 255 for the domain (RFC 5321)."""

EXPIRES_AT_MAX: Final = 99_999_999_999
"""The latest plausible ``expires_at``, in epoch seconds (the year 5138).

A larger number is probably in milliseconds, and the claims would never expire.
"""
