"""Why a call to DynamoDB failed, and whether retrying it can help."""

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

# The SDK's parser assumes that a 200 is from DynamoDB; other bodies make it fail in many ways.
UNREADABLE_ANSWER = (
    ResponseParserError, ChecksumError, AttributeError, KeyError, TypeError, ValueError,
    RecursionError,
)  # fmt: skip
CALL_ERRORS = (ClientError, BotoCoreError, *UNREADABLE_ANSWER)
"""Everything that a call of the SDK may raise: errors, no connection, an unreadable answer."""

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

# Error messages of DynamoDB and its emulators for a table whose keys are not pk and sk.
_OTHER_KEYS = (
    "does not match the schema",
    "required keys was not given",
    "missing the key",
    "type mismatch for key",
)


class FailureKind(Enum):
    """How to react to a failed call."""

    THROTTLED = auto()
    """Retry the call later, with fewer concurrent calls."""
    TRANSIENT = auto()
    """Retry the call later."""
    CONDITION_FAILED = auto()
    """The item does not meet the write's condition."""
    ITEM_REFUSED = auto()
    """DynamoDB does not accept an item of this call, now or later."""
    FATAL = auto()
    """No further call can succeed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call failed."""

    kind: FailureKind
    reason: str
    """As shown to the user."""
    may_have_written: bool = False
    """Whether the call may have taken effect despite the error."""


def failure_of(client: "DynamoDBClient", error: Exception) -> Failure:
    """Classify `error`, which a call of `client` raised."""
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
        missing = f"no such table in region {where.region_name} at {where.endpoint_url}"
        return Failure(FailureKind.FATAL, missing)
    return Failure(FailureKind.FATAL, str(error))


def _item_refused(message: str) -> Failure:
    if any(words in message.lower() for words in _OTHER_KEYS):
        reason = f"the table's keys are not pk and sk, both of type string: {message}"
        return Failure(FailureKind.FATAL, reason)
    return Failure(FailureKind.ITEM_REFUSED, message)


def _unreadable(client: "DynamoDBClient") -> Failure:
    url = client.meta.endpoint_url
    reason = f"{url} does not answer as DynamoDB does; check the endpoint URL"
    return Failure(FailureKind.TRANSIENT, reason, may_have_written=True)
