"""A few records → items in a table, without a file, a checkpoint or a rejects file."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from claimsctl.claims_file.record import Record
from claimsctl.claims_table.retry import Calls, Pace, Stopped
from claimsctl.errors import OperatorError
from claimsctl.loading.writers import BATCH_ITEMS_MAX, ReplacingWriter

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def write_records(client: "DynamoDBClient", table: str, records: Sequence[Record]) -> int:
    """Put `records` into `table`, replacing items of the same key; how many they are.

    Raises `OperatorError` when one cannot be.
    """
    writer = ReplacingWriter(client, table, Calls(client, Pace(1)))
    for start in range(0, len(records), BATCH_ITEMS_MAX):
        try:
            outcome = writer.write(records[start : start + BATCH_ITEMS_MAX])
        except Stopped as stop:
            message = f"table {table}: {stop}"
            raise OperatorError(message) from None
        for rejection in outcome.rejections:
            message = f"table {table}: {rejection.reason}"
            raise OperatorError(message)
    return len(records)
