"""The SDK's client as a load sets it up: one try a call, and errors that say what follows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from botocore.exceptions import ChecksumError, NoCredentialsError
from claimsctl.claims_table.errors import CALL_ERRORS, FailureKind, failure_of
from claimsctl.claims_table.location import TableLocation
from claimsctl.claims_table.retry import CallFailed
from claimsctl.claims_table.upsert import OnExisting
from claimsctl.loading.writers import client_config, open_writer

from tests.integration.behaviours import PASS, answer_json, answer_with, refuse_with, wrong_checksum
from tests.integration.engine import Table
from tests.integration.fault_proxy import Behaviour, FaultProxy
from tests.loading.meeting import content, record_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def proxy(table: Table) -> Iterator[FaultProxy]:
    """What is between the client and the table."""
    with FaultProxy(table.url, PASS) as proxy:
        yield proxy


@pytest.fixture
def client(table: Table, proxy: FaultProxy) -> "Iterator[DynamoDBClient]":
    """A load's client."""
    client = TableLocation(table.name, proxy.url).client(client_config(1))
    yield client
    client.close()


def _put(client: "DynamoDBClient", table: str, *numbers: int) -> Any:
    puts: Any = [{"PutRequest": {"Item": record_of(n).to_item()}} for n in numbers]
    return client.batch_write_item(RequestItems={table: puts})


def test_items_arrive_as_they_are(table: Table, client: "DynamoDBClient") -> None:
    """The SDK does not check parameters for a load; what it sends is complete all the same."""
    assert {} == _put(client, table.name, *range(1, 26))["UnprocessedItems"]
    assert {record_of(n).key: record_of(n).to_item() for n in range(1, 26)} == content(table)


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (refuse_with("ProvisionedThroughputExceededException"), FailureKind.THROTTLED),
        (answer_with(b"", 429), FailureKind.THROTTLED),
        (refuse_with("InternalServerError", 500), FailureKind.TRANSIENT),
        (answer_with(b"<html>", 503), FailureKind.TRANSIENT),
        (answer_with(b"[" * 100_000, 503), FailureKind.TRANSIENT),
        (refuse_with("ValidationException"), FailureKind.ITEM_REFUSED),
        (answer_with(b"", 413), FailureKind.ITEM_REFUSED),
        (refuse_with("ResourceNotFoundException"), FailureKind.FATAL),
        (refuse_with("AccessDeniedException"), FailureKind.FATAL),
        (answer_with(b"", 301, headers={"location": "http://127.0.0.1:9/"}), FailureKind.FATAL),
        (answer_json([1], 400), FailureKind.TRANSIENT),
    ],
)
def test_a_failed_call_is_one_call(
    table: Table,
    client: "DynamoDBClient",
    proxy: FaultProxy,
    behaviour: object,
    kind: FailureKind,
) -> None:
    """The SDK tries once, and its error's code and status say what follows."""
    proxy.inject(Behaviour(behaviour))  # type: ignore[arg-type]
    with pytest.raises(CALL_ERRORS) as raised:
        _put(client, table.name, 1)
    assert (kind, 1) == (failure_of(client, raised.value).kind, len(proxy.requests))


def test_a_lost_bit_is_noticed(table: Table, client: "DynamoDBClient", proxy: FaultProxy) -> None:
    """DynamoDB sends a checksum; a wrong one is an error even without a retry."""
    proxy.inject(Behaviour(wrong_checksum))
    with pytest.raises(ChecksumError) as raised:
        _put(client, table.name, 1)
    failure = failure_of(client, raised.value)
    assert (FailureKind.TRANSIENT, True, 1) == (
        failure.kind, failure.may_have_written, len(proxy.requests)
    )  # fmt: skip


def test_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent that is not signed."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    client = TableLocation("t", None).client(client_config(1))
    with pytest.raises(NoCredentialsError) as raised:
        _put(client, "t", 1)
    assert FailureKind.FATAL is failure_of(client, raised.value).kind
    client.close()


@pytest.mark.parametrize("kind", ["S", "N"])
@pytest.mark.parametrize("mode", OnExisting)
def test_a_table_with_other_keys(table: Table, mode: OnExisting, kind: Any) -> None:
    """No row would fit it, so that none is rejected for it: the load stops."""
    name = f"other-{uuid4().hex}"
    keys = ("id", "sk") if kind == "S" else ("pk", "sk")
    table.client.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": keys[0], "KeyType": "HASH"},
            {"AttributeName": keys[1], "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    location = TableLocation(name, table.url)
    writer, _ = open_writer(location, mode, 1, compares=False, resumed=False)
    with pytest.raises(CallFailed, match="pk and sk, both of type string: "):
        writer.write([record_of(n) for n in (1, 2)])
    table.client.delete_table(TableName=name)
