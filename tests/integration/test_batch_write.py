"""BatchWriteItem past the SDK's layers: the same bytes in meaning, the same errors."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ChecksumError, ClientError, NoCredentialsError
from claimsctl.claims_table.errors import Kind, failure_of
from claimsctl.claims_table.location import TableLocation
from claimsctl.claims_table.retry import Stopped
from claimsctl.claims_table.upsert import OnExisting
from claimsctl.loading.batch_write import BatchWrite
from claimsctl.loading.writers import connect, loading_config

from tests.integration.behaviours import PASS, answer_json, answer_with, refuse_with, wrong_checksum
from tests.integration.engine import Table
from tests.integration.fault_proxy import Behaviour, FaultProxy
from tests.loading.meeting import content, record_of


@pytest.fixture
def proxy(table: Table) -> Iterator[FaultProxy]:
    """What stands in front of it."""
    with FaultProxy(table.url, PASS) as proxy:
        yield proxy


def _batch_write(table: Table, proxy: FaultProxy) -> BatchWrite:
    return BatchWrite(TableLocation(table.name, proxy.url).client(loading_config(1)), table.name)


def test_it_sends_what_the_sdk_would(table: Table, proxy: FaultProxy) -> None:
    """Path, target, signed headers and body are those of the SDK's own call."""
    items = [record_of(n).to_item() for n in range(1, 26)]
    assert {} == _batch_write(table, proxy).put(items)["UnprocessedItems"]
    client = TableLocation(table.name, proxy.url).client(loading_config(1))
    client.batch_write_item(
        RequestItems={table.name: [{"PutRequest": {"Item": item}} for item in items]}
    )
    ours, theirs = proxy.requests
    assert json.loads(theirs.body) == json.loads(ours.body)
    assert (theirs.method, theirs.path) == (ours.method, ours.path)
    for name in ("x-amz-target", "content-type", "user-agent"):
        assert theirs.headers[name].split(" md/")[0] == ours.headers[name].split(" md/")[0]
    scope = ours.headers["authorization"].partition(", SignedHeaders")[0]
    assert theirs.headers["authorization"].partition(", SignedHeaders")[0] == scope
    assert {record_of(n).key for n in range(1, 26)} == content(table).keys()


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (refuse_with("ProvisionedThroughputExceededException"), Kind.THROTTLED),
        (answer_with(b"", 429), Kind.THROTTLED),
        (refuse_with("InternalServerError", 500), Kind.PASSING),
        (answer_with(b"<html>", 503), Kind.PASSING),
        (answer_with(b"[" * 100_000, 503), Kind.PASSING),
        (refuse_with("ValidationException"), Kind.CONTENT),
        (answer_with(b"", 413), Kind.CONTENT),
        (refuse_with("ResourceNotFoundException"), Kind.FINAL),
        (refuse_with("AccessDeniedException"), Kind.FINAL),
        (answer_with(b"", 301, headers={"location": "http://127.0.0.1:9/"}), Kind.FINAL),
        (answer_json([1], 400), Kind.FINAL),
    ],
)
def test_refusals_are_the_sdks(
    table: Table, proxy: FaultProxy, behaviour: object, kind: Kind
) -> None:
    """An error's code and status reach those who decide what follows."""
    proxy.inject(Behaviour(behaviour))  # type: ignore[arg-type]
    with pytest.raises(ClientError) as raised:
        _batch_write(table, proxy).put([record_of(1).to_item()])
    assert kind is failure_of(table.client, raised.value).kind


def test_a_lost_bit_is_noticed(table: Table, proxy: FaultProxy) -> None:
    """DynamoDB sends a checksum, and the SDK looks at it; so do we."""
    proxy.inject(Behaviour(wrong_checksum))
    with pytest.raises(ChecksumError) as raised:
        _batch_write(table, proxy).put([record_of(1).to_item()])
    failure = failure_of(table.client, raised.value)
    assert (Kind.PASSING, True) == (failure.kind, failure.perhaps_done)


def test_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent that is not signed."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    client = TableLocation("t", None).client(loading_config(1))
    with pytest.raises(NoCredentialsError) as raised:
        BatchWrite(client, "t").put([record_of(1).to_item()])
    assert Kind.FINAL is failure_of(client, raised.value).kind
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
    writer, _ = connect(TableLocation(name, table.url), mode, 1, looks=False, resumed=False)
    with pytest.raises(Stopped, match="pk and sk, both strings: "):
        writer.write([record_of(n) for n in (1, 2)])
    table.client.delete_table(TableName=name)
