"""What goes wrong between us and a DynamoDB, told to people."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from claimsctl.errors import OperatorError
from claimsctl.loading.failure import NOT_UNDERSTOOD, failure_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ENGINE_ERRORS = (ClientError, BotoCoreError, *NOT_UNDERSTOOD)
"""All that a call of the SDK may raise: refusals, no connection, an answer that is none."""


@contextmanager
def telling(client: "DynamoDBClient", table: str) -> Iterator[None]:
    """Within it, what goes wrong in a call of `client` about `table` is an `OperatorError`."""
    try:
        yield
    except ENGINE_ERRORS as error:
        message = f"table {table}: {failure_of(client, error).reason}"
        raise OperatorError(message) from None
