"""Why a call to the table failed, and what follows from it."""

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

# The SDK's parser trusts a 200 to be DynamoDB's; another body makes it fail in many ways.
UNREADABLE_ANSWER = (
    ResponseParserError, ChecksumError, AttributeError, KeyError, TypeError, ValueError,
    RecursionError,
)  # fmt: skip
CALL_ERRORS = (ClientError, BotoCoreError, *UNREADABLE_ANSWER)
"""All that a call of the SDK may raise: refusals, no connection, an unreadable answer."""

_THROTTLES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_TRANSIENT = frozenset({"TransactionConflictException", "TransactionInProgressException"})
_NEVER_SENT = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)
_CONDITION_FAILED = "ConditionalCheckFailedException"
_NO_TABLE = "ResourceNotFoundException"
_ITEM_REFUSED = frozenset({"ValidationException", "ItemCollectionSizeLimitExceededException"})
_HTTP_TOO_LARGE, _HTTP_THROTTLED, _HTTP_SERVER_ERROR = 413, 429, 500

# What the engines say of a table whose keys are not pk and sk: no item would fit it.
_OTHER_KEYS = (
    "does not match the schema",
    "required keys was not given",
    "missing the key",
    "type mismatch for key",
)


class FailureKind(Enum):
    """What a failed call calls for."""

    THROTTLED = auto()
    """The same call again, later, and fewer calls at once."""
    TRANSIENT = auto()
    """The same call again, later."""
    CONDITION_FAILED = auto()
    """The item is not as the write's condition wants it."""
    ITEM_REFUSED = auto()
    """DynamoDB does not accept an item of this call, now or later."""
    FATAL = auto()
    """No further call can succeed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call failed."""

    kind: FailureKind
    reason: str
    """For people."""
    may_have_written: bool = False
    """Whether the call may have taken effect all the same."""


def failure_of(client: "DynamoDBClient", error: Exception) -> Failure:
    """What `error`, raised by a call of `client`, means."""
    match error:
        case ClientError():
            return _error_response(client, error)
        case ChecksumError():
            return _unreadable(client)
        case HTTPClientError() | BotoConnectionError():
            sent = not isinstance(error, _NEVER_SENT)
            return Failure(FailureKind.TRANSIENT, str(error), may_have_written=sent)
        case BotoCoreError() if not isinstance(error, UNREADABLE_ANSWER):
            return Failure(FailureKind.FATAL, str(error))
        case _:
            return _unreadable(client)


@contextmanager
def operator_errors(client: "DynamoDBClient", table: str) -> Iterator[None]:
    """Turn what a call of `client` about `table` raises within it into an `OperatorError`."""
    try:
        yield
    except CALL_ERRORS as error:
        message = f"table {table}: {failure_of(client, error).reason}"
        raise OperatorError(message) from None


def _error_response(client: "DynamoDBClient", error: ClientError) -> Failure:
    response: Any = error.response
    code = str(response.get("Error", {}).get("Code", ""))
    message = str(response.get("Error", {}).get("Message", "")) or code
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _THROTTLES or status == _HTTP_THROTTLED:
        return Failure(FailureKind.THROTTLED, str(error))
    if code in _TRANSIENT or status >= _HTTP_SERVER_ERROR:
        return Failure(FailureKind.TRANSIENT, str(error), may_have_written=True)
    if code == _CONDITION_FAILED:
        return Failure(FailureKind.CONDITION_FAILED, str(error))
    if code in _ITEM_REFUSED or status == _HTTP_TOO_LARGE:
        return _item_refused(message)
    if code == _NO_TABLE:
        where = client.meta
        missing = f"no such table at {where.endpoint_url} in region {where.region_name}"
        return Failure(FailureKind.FATAL, missing)
    return Failure(FailureKind.FATAL, str(error))


def _item_refused(message: str) -> Failure:
    if any(words in message.lower() for words in _OTHER_KEYS):
        reason = f"the table has other keys than pk and sk, both strings: {message}"
        return Failure(FailureKind.FATAL, reason)
    return Failure(FailureKind.ITEM_REFUSED, message)


def _unreadable(client: "DynamoDBClient") -> Failure:
    url = client.meta.endpoint_url
    reason = f"{url} is no DynamoDB: its answer cannot be understood"
    return Failure(FailureKind.TRANSIENT, reason, may_have_written=True)
