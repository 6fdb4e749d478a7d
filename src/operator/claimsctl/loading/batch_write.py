"""BatchWriteItem with items that are known to be sound, at a third of the SDK's cost.

For every call the SDK walks its model of the API along every attribute of every item, for a check
and again for the JSON, chooses an endpoint anew, and asks a dozen hooks: 1.9 ms of CPU for 25 items
where 0.5 do, and the interpreter has one thread's worth. So here the body is made at once, and goes
out signed by the SDK's own signer through the SDK's own HTTP session: credentials and their
renewal, proxies, TLS and time-outs are the client's.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from zlib import crc32

from botocore.awsrequest import AWSRequest
from botocore.exceptions import ChecksumError, ClientError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_OPERATION = "BatchWriteItem"
_HTTP_OK = 200
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class BatchWrite:
    """Puts into one table; used by many threads at once."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        inside: Any = client
        self._signer = inside._request_signer  # noqa: SLF001  # the SDK lends it to nobody
        self._http = inside._endpoint.http_session  # noqa: SLF001  # likewise
        self._region = client.meta.region_name
        self._url = f"{client.meta.endpoint_url.rstrip('/')}/"
        self._table = table
        self._headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "User-Agent": inside.meta.config.user_agent,
            "X-Amz-Target": f"DynamoDB_20120810.{_OPERATION}",
        }

    def put(self, items: Iterable[dict[str, Any]]) -> Any:
        """The answer's document to putting at most 25 `items`.

        Raises `BotoCoreError` and `ClientError` as the SDK would, and `ValueError` for an answer
        that is no JSON.
        """
        puts = [{"PutRequest": {"Item": item}} for item in items]
        body = _encode({"RequestItems": {self._table: puts}})
        request = AWSRequest("POST", self._url, self._headers, body.encode())
        self._signer.get_auth_instance("dynamodb", self._region, "v4").add_auth(request)
        response = self._http.send(request.prepare())
        content: bytes = response.content
        if response.status_code != _HTTP_OK:
            raise _refusal(response.status_code, content)
        checksum = response.headers.get("x-amz-crc32")
        if checksum is not None and int(checksum) != crc32(content):
            raise ChecksumError(
                checksum_type="crc32",
                expected_checksum=checksum,
                actual_checksum=str(crc32(content)),
            )
        return json.loads(content)


def _refusal(status: int, content: bytes) -> ClientError:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    told = document if isinstance(document, dict) else {}
    code = str(told.get("__type", status)).rpartition("#")[2]
    message = str(told.get("message") or told.get("Message") or "")
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, _OPERATION)
