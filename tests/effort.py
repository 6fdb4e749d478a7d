"""How much a random search tries: little in ``make test``, all of it in ``make test-all``."""

import os
from collections.abc import Callable, Iterable
from typing import Any, Final

import pytest

FULL: Final = "FULL_SIZE" in os.environ
"""Set by ``make test-all``: campaigns and property tests run at their full size."""

_LEAST: Final = 5


def tries(full: int) -> int:
    """How many examples a property test takes: `full`, or a tenth of it in ``make test``."""
    return full if FULL else min(full, max(_LEAST, full // 10))


def mostly_slow(values: Iterable[Any], in_short: Callable[[Any], bool]) -> list[Any]:
    """The parameters of a test of which ``make test`` runs those only that `in_short` picks."""
    return [
        value if in_short(value) else pytest.param(value, marks=pytest.mark.slow)
        for value in values
    ]
