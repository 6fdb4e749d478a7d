"""How much a random search tries: little in ``make test``, all of it in ``make test-all``."""

import os
from typing import Final

FULL: Final = "FULL_SIZE" in os.environ
"""Set by ``make test-all``: campaigns and property tests run at their full size."""

_LEAST: Final = 10


def tries(full: int) -> int:
    """How many examples a property test takes: `full`, or a tenth of it in ``make test``."""
    return full if FULL else min(full, max(_LEAST, full // 10))
