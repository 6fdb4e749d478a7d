"""The clock of the tests of tokens: `NOW`, to the second."""

from datetime import datetime, tzinfo
from types import SimpleNamespace
from typing import Self

import pytest

from tests.tokens import NOW


class Stopped(datetime):
    """A stopped clock for PyJWT."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """`NOW`."""
        return cls.fromtimestamp(NOW, tz)


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The authorizer and PyJWT both read `NOW`."""
    monkeypatch.setattr("jwt.api_jwt.datetime", Stopped)
    clock = SimpleNamespace(time=lambda: float(NOW))
    monkeypatch.setattr("claimsctl.emulator.authorizer.time", clock)
