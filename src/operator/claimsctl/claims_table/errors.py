"""What may become of a call to the table, and what follows from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ChecksumError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)
from botocore.parsers import ResponseParserError

from claimsctl.errors import OperatorError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# The SDK's parser trusts a 200 to be DynamoDB's, and fails in whichever way another body makes it.
NOT_UNDERSTOOD = (
    ResponseParserError, ChecksumError, AttributeError, KeyError, TypeError, ValueError,
    RecursionError,
)  # fmt: skip
CONDITION_FAILED = "ConditionalCheckFailedException"
NO_TABLE = "ResourceNotFoundException"

_THROTTLES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_PASSING = frozenset({"TransactionConflictException", "TransactionInProgressException"})
_NEVER_SENT = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)
_ITEM_REFUSED = frozenset({"ValidationException", "ItemCollectionSizeLimitExceededException"})
_HTTP_TOO_LARGE, _HTTP_THROTTLED, _HTTP_SERVER_ERROR = 413, 429, 500

# What the engines say of a table with other keys than ours: no item would fit it.
_OTHER_KEYS = (
    "does not match the schema",
    "required keys was not given",
    "missing the key",
    "type mismatch for key",
)


class Kind(Enum):
    """What a failed call calls for."""

    THROTTLED = auto()
    """The same again, later and slower."""
    PASSING = auto()
    """The same again, later."""
    CONDITION = auto()
    """The item is not as the condition wants it."""
    CONTENT = auto()
    """An item that DynamoDB does not take, this time and every time."""
    FINAL = auto()
    """No call of this load can do better."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call failed."""

    kind: Kind
    reason: str
    """For people."""
    perhaps_done: bool = False
    """Whether the call may have had its effect all the same."""


def failure_of(client: "DynamoDBClient", error: Exception) -> Failure:
    """What to make of `error`, which a call of `client` raised."""
    match error:
        case ClientError():
            return _refusal(client, error)
        case ChecksumError():
            return _not_understood(client)
        case HTTPClientError() | BotoConnectionError():
            sent = not isinstance(error, _NEVER_SENT)
            return Failure(Kind.PASSING, str(error), perhaps_done=sent)
        case BotoCoreError() if not isinstance(error, NOT_UNDERSTOOD):
            return Failure(Kind.FINAL, str(error))
        case _:
            return _not_understood(client)


def _refusal(client: "DynamoDBClient", error: ClientError) -> Failure:
    response: Any = error.response
    code = str(response.get("Error", {}).get("Code", ""))
    message = str(response.get("Error", {}).get("Message", "")) or code
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _THROTTLES or status == _HTTP_THROTTLED:
        return Failure(Kind.THROTTLED, str(error))
    if code in _PASSING or status >= _HTTP_SERVER_ERROR:
        return Failure(Kind.PASSING, str(error), perhaps_done=True)
    if code == CONDITION_FAILED:
        return Failure(Kind.CONDITION, str(error))
    if code in _ITEM_REFUSED or status == _HTTP_TOO_LARGE:
        return _content(message)
    where = client.meta
    missing = f"no such table at {where.endpoint_url} in region {where.region_name}"
    return Failure(Kind.FINAL, missing if code == NO_TABLE else str(error))


def _content(message: str) -> Failure:
    if any(words in message.lower() for words in _OTHER_KEYS):
        reason = f"the table has other keys than pk and sk, both strings: {message}"
        return Failure(Kind.FINAL, reason)
    return Failure(Kind.CONTENT, message)


def _not_understood(client: "DynamoDBClient") -> Failure:
    url = client.meta.endpoint_url
    reason = f"{url} is no DynamoDB: its answer cannot be understood"
    return Failure(Kind.PASSING, reason, perhaps_done=True)


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
