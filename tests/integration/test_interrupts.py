"""The exception that ends a given-up call, wherever it strikes in the AWS SDK."""

import gc
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from claims_provider.wiring import _connector
from claims_provider.worker import _GivenUp

from tests.integration.deployment import BUDGET_MS, USER_ITEM
from tests.integration.engine import Table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

STRIKES = 100
NEVER = 10**9

# An answer that is struck while it is made complains as it is thrown away.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def connect(loaded_table: Table, monkeypatch: pytest.MonkeyPatch) -> "Callable[[], DynamoDBClient]":
    """How workers get their clients."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", loaded_table.url)
    return _connector(10 * BUDGET_MS)


@pytest.fixture
def _no_collection() -> Iterator[None]:
    """An exception that strikes a destructor is lost: that is another matter."""
    gc.disable()
    yield
    gc.enable()


def _strike(job: Callable[[], object], line: int) -> int:
    """Run `job` in a thread and raise in the `line`-th line it comes to; how many it came to."""
    seen = 0

    def trace(_: Any, event: str, __: Any) -> Any:
        nonlocal seen
        if event == "line":
            seen += 1
            if seen == line:
                raise _GivenUp
        return trace

    def run() -> None:
        before = sys.gettrace()  # coverage measures by it
        sys.settrace(trace)
        try:
            job()
        except _GivenUp:
            pass
        finally:
            sys.settrace(before)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive(), f"struck in line {line}, it hangs"
    return seen


@pytest.mark.usefixtures("_no_collection")
def test_wherever_a_call_is_struck_the_next_one_works(
    connect: "Callable[[], DynamoDBClient]", loaded_table: Table
) -> None:
    """An interrupt anywhere, from making the client to reading the answer, leaves nothing locked.

    What workers share is the interpreter, the log, and the service's description.
    """
    key = {"pk": {"S": USER_ITEM.pk}, "sk": {"S": USER_ITEM.sk}}
    answers: list[int] = []

    def job() -> None:
        client = connect()
        try:
            answer = client.batch_get_item(RequestItems={loaded_table.name: {"Keys": [key]}})
            answers.append(len(answer["Responses"][loaded_table.name]))
        finally:
            client.close()

    job()
    lines = _strike(job, NEVER)
    for line in range(1, lines, lines // STRIKES):
        _strike(job, line)
        answers.clear()
        assert logging.getLogger(f"struck.{line}").isEnabledFor(logging.ERROR)
        _strike(job, NEVER)
        assert [1] == answers
