"""The last exchanges, for whoever looks: written by one thread, read by others."""

import threading
from collections import Counter
from typing import Final

from claimsctl.tap.examination import Examined, Outcome

KEPT_MAX: Final = 200


class History:
    """Exchanges by their numbers; a later telling of one replaces the earlier."""

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        self._kept_max = kept_max
        self._lock = threading.Lock()
        self._kept: dict[int, tuple[int, Examined]] = {}
        self._version = 0
        self._counts: Counter[Outcome] = Counter()
        self.untold = 0
        """How many exchanges passed too fast to be recorded."""

    def add(self, examined: Examined) -> None:
        """Keep `examined`, and forget the oldest when there are too many."""
        number = examined.sighting.number
        with self._lock:
            self._version += 1
            earlier = self._kept.get(number)
            if earlier is not None:
                self._counts[earlier[1].outcome] -= 1
            self._counts[examined.outcome] += 1
            self._kept[number] = (self._version, examined)
            while len(self._kept) > self._kept_max:
                del self._kept[min(self._kept)]

    def since(self, version: int) -> tuple[int, list[Examined]]:
        """What is new after `version`, in the order of numbers; and the version of now."""
        with self._lock:
            new = [examined for at, examined in self._kept.values() if at > version]
            return self._version, new

    def find(self, number: int) -> Examined | None:
        """The exchange of that number, if it is still kept."""
        with self._lock:
            found = self._kept.get(number)
        return None if found is None else found[1]

    def counts(self) -> dict[Outcome, int]:
        """How many of all exchanges ended how, forgotten ones included."""
        with self._lock:
            return {outcome: self._counts[outcome] for outcome in Outcome}
