"""Records → items in a DynamoDB table."""

import random
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from claimsctl.dataset.record import Record
from claimsctl.errors import ExitCode, OperatorError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

BATCH_ITEMS_MAX = 25
"""Items in one BatchWriteItem; DynamoDB's limit."""

_ROUNDS = 10
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 5.0

# The SDK's parser trusts a 200 to be DynamoDB's, and fails in whichever way another body makes it.
_NOT_UNDERSTOOD = (
    ResponseParserError, AttributeError, KeyError, TypeError, ValueError, RecursionError,
)  # fmt: skip
_NO_TABLE = "ResourceNotFoundException"


def write_records(client: "DynamoDBClient", table: str, records: Sequence[Record]) -> int:
    """Put `records` into `table`, replacing items of the same key; how many were written.

    What DynamoDB leaves unprocessed is sent again, with back-off. Raises `OperatorError` that says
    how many were written when some cannot be, or when the user interrupts.
    """
    written = 0
    for start in range(0, len(records), BATCH_ITEMS_MAX):
        batch = records[start : start + BATCH_ITEMS_MAX]
        left = len(batch)
        try:
            for left in _write_batch(client, table, batch):  # noqa: B007  # how far it came counts
                pass
        except (ClientError, BotoCoreError, *_NOT_UNDERSTOOD) as error:
            reason = _reason(client, error)
            raise _stopped(table, written + len(batch) - left, len(records), reason) from None
        except KeyboardInterrupt:
            reason = f"interrupted; {left} more were under way"
            stopped = _stopped(table, written + len(batch) - left, len(records), reason)
            stopped.exit_code = ExitCode.PARTLY_DONE  # those under way may be written
            raise stopped from None
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


def _reason(client: "DynamoDBClient", error: Exception) -> str:
    match error:
        case ClientError() if error.response.get("Error", {}).get("Code") == _NO_TABLE:
            where = client.meta
            return f"no such table at {where.endpoint_url} in region {where.region_name}"
        case ClientError() | BotoCoreError():
            return str(error)
        case _:
            url = client.meta.endpoint_url
            return f"{url} is no DynamoDB: its answer cannot be understood"


def _stopped(table: str, written: int, total: int, reason: str) -> OperatorError:
    return OperatorError(
        f"table {table}: {written} of {total} rows written, then: {reason}",
        exit_code=ExitCode.PARTLY_DONE if written else ExitCode.USAGE,
    )
