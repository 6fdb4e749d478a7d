"""Records → items in a DynamoDB table."""

import random
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from claimsctl.dataset.record import Record
from claimsctl.errors import ExitCode, OperatorError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

BATCH_ITEMS_MAX = 25
"""Items in one BatchWriteItem; DynamoDB's limit."""

_ROUNDS = 10
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 5.0


def write_records(client: "DynamoDBClient", table: str, records: Sequence[Record]) -> int:
    """Put `records` into `table`, replacing items of the same key; how many were written.

    What DynamoDB leaves unprocessed is sent again, with back-off. Raises `OperatorError` that says
    how many were written when some cannot be.
    """
    written = 0
    for start in range(0, len(records), BATCH_ITEMS_MAX):
        batch = records[start : start + BATCH_ITEMS_MAX]
        left = len(batch)
        try:
            for left in _write_batch(client, table, batch):  # noqa: B007  # how far it came counts
                pass
        except (ClientError, BotoCoreError) as error:
            raise _stopped(table, written + len(batch) - left, len(records), str(error)) from None
        written += len(batch) - left
        if left:
            reason = f"DynamoDB left {left} items unprocessed {_ROUNDS} times in a row"
            raise _stopped(table, written, len(records), reason)
    return written


def _write_batch(client: "DynamoDBClient", table: str, batch: Sequence[Record]) -> Iterator[int]:
    """How many of `batch` are left after each round, until none is or DynamoDB takes no more."""
    requests: list[Any] = [{"PutRequest": {"Item": record.to_item()}} for record in batch]
    for round_ in range(_ROUNDS):
        if round_:
            longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**round_)
            time.sleep(longest * random.random())  # noqa: S311  # jitter
        answer = client.batch_write_item(RequestItems={table: requests})
        requests = list(answer["UnprocessedItems"].get(table, []))
        yield len(requests)
        if not requests:
            break


def _stopped(table: str, written: int, total: int, reason: str) -> OperatorError:
    return OperatorError(
        f"table {table}: {written} of {total} rows written, then: {reason}",
        exit_code=ExitCode.PARTLY_DONE if written else ExitCode.USAGE,
    )
