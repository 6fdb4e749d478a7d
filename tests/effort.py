"""How much a test tries: little in ``make test``, all of it in ``make test-all``."""

import os
from typing import Final

FULL: Final = "FULL_SIZE" in os.environ
"""Set by ``make test-all``: campaigns and property tests run at their full size."""


def tries(full: int) -> int:
    """How many examples a property test or a campaign takes: `full`, or a tenth for now."""
    return full if FULL else max(10, full // 10)
