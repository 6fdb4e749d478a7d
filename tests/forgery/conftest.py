"""What was tried and what got in, counted and told at the end of the run."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest


@dataclass
class Tally:
    """Tries against one wall."""

    forged: Counter[str] = field(default_factory=Counter)
    got_in: Counter[str] = field(default_factory=Counter)
    good: int = 0
    good_refused: int = 0

    def count_forged(self, kind: str, status: int) -> None:
        """A forged token was answered."""
        self.forged[kind] += 1
        if status != 401:
            self.got_in[kind] += 1

    def count_good(self, status: int) -> None:
        """A good token was answered."""
        self.good += 1
        self.good_refused += status != 200

    def check(self) -> None:
        """Nobody got in who must not, and nobody was refused who must get in."""
        assert {} == self.got_in
        assert 0 == self.good_refused
        assert self.forged.total() > 0 < self.good


@pytest.fixture
def tally(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Iterator[Tally]:
    """The count of this test; it is told at the end of the run."""
    tally = Tally()
    yield tally
    classes = [f"{kind} {count}" for kind, count in sorted(tally.forged.items())]
    told = (
        f"{request.node.name}: {len(classes)} classes; got in {tally.got_in.total()}; "
        f"good {tally.good}, refused {tally.good_refused}; per class: {', '.join(classes)}"
    )
    record_property("forged tokens tried", (tally.forged.total(), told))
