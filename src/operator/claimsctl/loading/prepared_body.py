"""BatchWriteItem with a body that is ready made.

The SDK walks its model of the API once for every attribute of every item, twice with its check of
the parameters: two thirds of a call's time. Items that were checked need neither. All else is the
SDK's: endpoint, credentials, signature, proxies, TLS, reading the answer.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from claimsctl.dataset.record import Record

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_BODY = "Body"
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def take_prepared_bodies(client: "DynamoDBClient") -> None:
    """Make `client` fit for `batch_write_prepared`. Its other calls are as they were."""
    events = client.meta.events
    for event, handler in (("provide-client-params", _set_aside), ("before-call", _put_in)):
        events.register(f"{event}.dynamodb.BatchWriteItem", handler, f"claimsctl-{event}")


def prepared_put(record: Record) -> bytes:
    """The request to put `record`'s item, as a part of a body."""
    return b'{"PutRequest":{"Item":%b}}' % _encode(record.to_item()).encode()


def batch_write_prepared(client: "DynamoDBClient", table: str, puts: Iterable[bytes]) -> Any:
    """BatchWriteItem of `puts`, its answer as the SDK gives it."""
    body = b'{"RequestItems":{%b:[%b]}}' % (_encode(table).encode(), b",".join(puts))
    # The SDK wants a table, which its choice of an endpoint may need, and one item at least.
    parameters: Any = {"RequestItems": {table: [{}]}, _BODY: body}
    return cast("Any", client).batch_write_item(**parameters)


def _set_aside(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    if _BODY in params:
        context[_BODY] = params.pop(_BODY)


def _put_in(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    if _BODY in context:
        params["body"] = context[_BODY]
