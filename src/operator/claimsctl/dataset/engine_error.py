"""What goes wrong between us and a DynamoDB, told to people."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from claimsctl.errors import OperatorError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_NO_TABLE = "ResourceNotFoundException"

# The SDK's parser trusts a 200 to be DynamoDB's, and fails in whichever way another body makes it.
NOT_UNDERSTOOD = (
    ResponseParserError, AttributeError, KeyError, TypeError, ValueError, RecursionError,
)  # fmt: skip
ENGINE_ERRORS = (ClientError, BotoCoreError, *NOT_UNDERSTOOD)
"""All that a call of the SDK may raise: refusals, no connection, an answer that is none."""


def reason(client: "DynamoDBClient", error: Exception) -> str:
    """Why a call of `client` failed with `error`, one of `ENGINE_ERRORS`."""
    match error:
        case ClientError() if error.response.get("Error", {}).get("Code") == _NO_TABLE:
            where = client.meta
            return f"no such table at {where.endpoint_url} in region {where.region_name}"
        case ClientError() | BotoCoreError():
            return str(error)
        case _:
            url = client.meta.endpoint_url
            return f"{url} is no DynamoDB: its answer cannot be understood"


@contextmanager
def telling(client: "DynamoDBClient", table: str) -> Iterator[None]:
    """Within it, what goes wrong in a call of `client` about `table` is an `OperatorError`."""
    try:
        yield
    except ENGINE_ERRORS as error:
        message = f"table {table}: {reason(client, error)}"
        raise OperatorError(message) from None
