"""Import of the parts in S3 into a new table, and the table settings that an import cannot make."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from claims_provider.claims.item import EXPIRES_AT

from claimsctl.loading.import_parts import S3Folder

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import ImportTableDescriptionTypeDef

IN_PROGRESS = "IN_PROGRESS"
COMPLETED = "COMPLETED"

_FIRST_WAIT_SECONDS = 2.0
_LONGEST_WAIT_SECONDS = 30.0
_SILENT_ROUNDS = 20
"""How often in a row reading the import's state may fail (about ten minutes)."""

_SWITCH_ROUNDS = 30
_SWITCH_SECONDS = 10.0
_NOT_YET = {
    "ResourceInUseException",
    "LimitExceededException",
    "ContinuousBackupsUnavailableException",
    "ThrottlingException",
    "InternalServerError",
}
"""Errors while a new table accepts no further change, or no backups yet."""

Wait = Callable[[float], None]


def find_import(
    client: "DynamoDBClient", table: str, folder: S3Folder
) -> "ImportTableDescriptionTypeDef | None":
    """Return the latest import of `folder` into `table`, or ``None`` if there is no such table.

    The description is empty when the table was created in another way or from other parts. Raises
    the exceptions of the SDK.
    """
    try:
        arn = client.describe_table(TableName=table)["Table"]["TableArn"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
            return None
        raise
    token: dict[str, Any] = {}
    latest: Any = None
    while True:
        answer = client.list_imports(TableArn=arn, **token)
        for summary in answer.get("ImportSummaryList", []):
            source = summary.get("S3BucketSource", {})
            if (source.get("S3Bucket"), source.get("S3KeyPrefix")) == (
                folder.bucket,
                folder.prefix,
            ):
                latest = max(latest or summary, summary, key=lambda one: one["StartTime"])
        if not (more := answer.get("NextToken")):
            break
        token = {"NextToken": more}
    if latest is None:
        return {}
    return client.describe_import(ImportArn=latest["ImportArn"])["ImportTableDescription"]


def start_import(
    client: "DynamoDBClient", table: str, folder: S3Folder, schema: dict[str, Any], token: str
) -> "ImportTableDescriptionTypeDef":
    """Start an import of all objects in `folder` into the new table `table`.

    `schema` has arguments of CreateTable. A second call with the same `token` within eight hours
    refers to the same import. Raises the exceptions of the SDK.
    """
    return client.import_table(
        ClientToken=token,
        S3BucketSource={
            "S3Bucket": folder.bucket,
            "S3KeyPrefix": folder.prefix,
            "S3BucketOwner": folder.owner,
        },
        InputFormat="DYNAMODB_JSON",
        InputCompressionType="GZIP",
        TableCreationParameters={
            "TableName": table,
            "AttributeDefinitions": schema["AttributeDefinitions"],
            "KeySchema": schema["KeySchema"],
            "BillingMode": schema["BillingMode"],
            "SSESpecification": {"Enabled": True},  # as in template.yaml
        },
    )["ImportTableDescription"]


def follow_import(
    client: "DynamoDBClient", arn: str, wait: Wait = time.sleep
) -> Iterator["ImportTableDescriptionTypeDef"]:
    """Yield the import's description repeatedly until it has ended.

    Failures to read it are retried for about ten minutes; then the SDK's exception is raised, and
    the import continues without being followed.
    """
    pause, silent = _FIRST_WAIT_SECONDS, 0
    while True:
        try:
            state = client.describe_import(ImportArn=arn)["ImportTableDescription"]
        except (BotoCoreError, ClientError):
            silent += 1
            if silent >= _SILENT_ROUNDS:
                raise
        else:
            silent = 0
            yield state
            if state.get("ImportStatus") not in {IN_PROGRESS, "CANCELLING"}:
                return
        wait(pause)
        pause = min(_LONGEST_WAIT_SECONDS, pause * 1.5)


def protections(
    client: "DynamoDBClient", table: str, wait: Wait = time.sleep
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the name of each setting of template.yaml's table that an import lacks, and its switch.

    Calling a switch twice is harmless. It raises the exceptions of the SDK.
    """
    yield (
        f"TTL on {EXPIRES_AT}",
        lambda: _with_retries(lambda: _switch_ttl_on(client, table), wait),
    )
    yield (
        "point-in-time recovery",
        lambda: _with_retries(
            lambda: client.update_continuous_backups(
                TableName=table,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            ),
            wait,
        ),
    )
    yield (
        "deletion protection",
        lambda: _with_retries(
            lambda: client.update_table(TableName=table, DeletionProtectionEnabled=True), wait
        ),
    )


def _switch_ttl_on(client: "DynamoDBClient", table: str) -> None:
    state = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if state.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
        client.update_time_to_live(
            TableName=table,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRES_AT},
        )


def _with_retries(switch: Callable[[], object], wait: Wait) -> None:
    for left in reversed(range(_SWITCH_ROUNDS)):
        try:
            switch()
        except ClientError as error:
            if not left or error.response.get("Error", {}).get("Code") not in _NOT_YET:
                raise
        else:
            return
        wait(_SWITCH_SECONDS)
