"""Reading keys of a table that does not give them all at once."""

from typing import Any, cast

import pytest
from claims_provider.claims.key import LayerKey
from claimsctl.claims_table.reader import TableReader, wire_key
from claimsctl.errors import OperatorError

KEYS = [LayerKey(f"USER#{number}", "APP#*") for number in range(3)]


class SlowTable:
    """BatchGetItem that reads so many keys a call, as scripted."""

    def __init__(self, *script: int) -> None:
        self._script = list(script)
        self.asked: list[int] = []

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803  # the SDK's
        """The first keys' items; the others are left."""
        keys = RequestItems["t"]["Keys"]
        self.asked.append(len(keys))
        count = self._script.pop(0) if self._script else 0
        left = {"t": {"Keys": keys[count:]}} if keys[count:] else {}
        return {"Responses": {"t": keys[:count]}, "UnprocessedKeys": left}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the reader would have slept."""
    slept: list[float] = []
    monkeypatch.setattr("claimsctl.claims_table.reader.time.sleep", slept.append)
    return slept


def test_keys_that_are_left_are_asked_for_again(pauses: list[float]) -> None:
    """A key that is not read is never taken for an item that is not there."""
    table = SlowTable(1, 0, 2)
    found = TableReader(cast("Any", table), "t").read(KEYS)
    assert {key: wire_key(key) for key in KEYS} == found
    assert ([3, 2, 2], 2) == (table.asked, len(pauses))


def test_keys_that_stay_unread_are_told() -> None:
    """After ten rounds it is told, not passed over."""
    table = SlowTable(1)
    with pytest.raises(OperatorError) as raised:
        TableReader(cast("Any", table), "t").read(KEYS)
    told = "table t: DynamoDB left 2 keys unread 10 times in a row; try again when the table is"
    assert told == str(raised.value)[: len(told)]
    assert 10 == len(table.asked)
