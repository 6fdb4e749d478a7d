"""A DynamoDB that misbehaves at random, by seed: throttles, errors, resets, batches half-written.

It stands in front of a real engine, which does what is let through. Half of what fails was done
all the same, as in life.
"""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.integration.behaviours import (
    answer_json,
    answer_with,
    pass_on,
    refuse_with,
    reset,
    wrong_checksum,
)
from tests.integration.exchange import Answer, Exchange, Request
from tests.integration.fault_proxy import Behaviour

_OUT_OF_A_HUNDRED = 30


class Storm:
    """`behaviour` for a `FaultProxy`; `met` counts what callers met."""

    def __init__(self, seed: int, out_of_a_hundred: int = _OUT_OF_A_HUNDRED) -> None:
        self.met: Counter[str] = Counter()
        self.behaviour = Behaviour(self._act)
        self._random = random.Random(seed)
        self._share = out_of_a_hundred
        self._lock = threading.Lock()

    def _act(self, exchange: Exchange) -> None:
        operation = exchange.request.headers["x-amz-target"].rpartition(".")[2]
        with self._lock:
            fault = None
            faults = _FAULTS.get(operation)  # the check and a prune read through the SDK's retries
            if faults and self._random.randrange(100) < self._share:
                name, fault = self._random.choice(faults)
                self.met[name] += 1
            part = self._random.random()
        if fault is None:
            pass_on(exchange)
        else:
            fault(exchange, part)


_Fault = Callable[[Exchange, float], None]


def _throttle(exchange: Exchange, _: float) -> None:
    refuse_with("ProvisionedThroughputExceededException")(exchange)


def _error(exchange: Exchange, _: float) -> None:
    refuse_with("InternalServerError", 500)(exchange)


def _page(exchange: Exchange, _: float) -> None:
    answer_with(b"<html>Service Unavailable</html>", 503)(exchange)


def _reset(exchange: Exchange, _: float) -> None:
    reset(exchange)


def _done_then_error(exchange: Exchange, part: float) -> None:
    _part_of(exchange, part)
    _error(exchange, part)


def _done_then_reset(exchange: Exchange, part: float) -> None:
    _part_of(exchange, part)
    reset(exchange)


def _done_then_wrong_checksum(exchange: Exchange, _: float) -> None:
    wrong_checksum(exchange)


def _unprocessed(exchange: Exchange, part: float) -> None:
    left, answer = _part_of(exchange, part)
    document = json.loads(answer.body) if answer else {}
    if "Responses" in document or "Keys" in str(left):
        document.setdefault("Responses", {table: [] for table in left})
        answer_json({**document, "UnprocessedKeys": left})(exchange)
    else:
        answer_json({"UnprocessedItems": left})(exchange)


def _part_of(exchange: Exchange, part: float) -> tuple[dict[str, Any], Answer | None]:
    """Have the engine do a part of a batch, or the whole of another call; what it did not do."""
    body = json.loads(exchange.request.body)
    if "RequestItems" not in body:
        return {}, exchange.ask()
    ((table, wanted),) = body["RequestItems"].items()
    entries = wanted if isinstance(wanted, list) else wanted["Keys"]
    done = int(part * (len(entries) + 1))
    parts = entries[:done], entries[done:]
    now, left = (half if isinstance(wanted, list) else {**wanted, "Keys": half} for half in parts)
    answer = None
    if parts[0]:
        asked = json.dumps({"RequestItems": {table: now}}).encode()
        exchange.request = Request(
            exchange.request.method,
            exchange.request.path,
            exchange.request.headers | {"content-length": str(len(asked))},  # type: ignore[operator]
            asked,
        )
        answer = exchange.ask()
    return ({table: left} if parts[1] else {}), answer


_ANY: list[tuple[str, _Fault]] = [
    ("throttled", _throttle),
    ("500", _error),
    ("503, HTML", _page),
    ("reset", _reset),
    ("done, then 500", _done_then_error),
    ("done, then reset", _done_then_reset),
    ("done, wrong checksum", _done_then_wrong_checksum),
]
_FAULTS = {
    "PutItem": _ANY,
    "UpdateItem": _ANY,
    "BatchWriteItem": [*_ANY, ("unprocessed", _unprocessed), ("unprocessed", _unprocessed)],
    "BatchGetItem": [*_ANY, ("unprocessed", _unprocessed), ("unprocessed", _unprocessed)],
}
