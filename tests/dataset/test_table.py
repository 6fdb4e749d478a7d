"""Records → items in a table: all of them, or an error that says how many."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from claims_provider.claims.item import read_item
from claims_provider.claims.key import LayerKey
from claimsctl.dataset.record import Record
from claimsctl.dataset.table import BATCH_ITEMS_MAX, write_records
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.local.table import TableLocation

from tests.dataset.answering import answering
from tests.dataset.files import TENANT
from tests.integration.engine import Table, claims_table, moto

THROTTLED = ClientError(
    {"Error": {"Code": "ThrottlingException", "Message": "Slow down"}}, "BatchWriteItem"
)
GONE = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


class FakeTable:
    """BatchWriteItem that leaves items unprocessed, or fails, as scripted; then takes all."""

    def __init__(self, *script: int | BaseException) -> None:
        self._script = iter(script)
        self.batches: list[int] = []
        self.written: set[LayerKey] = set()

    def batch_write_item(self, **request: Any) -> dict[str, Any]:
        """Take all but as many items as the script says."""
        ((table, requests),) = request["RequestItems"].items()
        self.batches.append(len(requests))
        left = next(self._script, 0)
        if isinstance(left, BaseException):
            raise left
        for put in requests[: len(requests) - left]:
            item = put["PutRequest"]["Item"]
            self.written.add(LayerKey(item["pk"]["S"], item["sk"]["S"]))
        kept = requests[len(requests) - left :]
        return {"UnprocessedItems": {table: kept} if kept else {}}


def _records(count: int) -> list[Record]:
    return [Record(TENANT, f"u{n}@x", None, claims={"n": str(n)}) for n in range(count)]


def _write(client: FakeTable, records: Sequence[Record]) -> int:
    return write_records(cast("Any", client), "claims", records)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the writer would have slept, in order."""
    slept: list[float] = []
    monkeypatch.setattr("claimsctl.dataset.table.time.sleep", slept.append)
    return slept


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    """A table in moto."""
    with moto() as url, claims_table(url) as table:
        yield table


@pytest.mark.parametrize("count", [0, 1, 25, 26, 60])
def test_batches_are_as_large_as_dynamodb_takes(count: int, pauses: list[float]) -> None:
    """Every record is written once, 25 at a time, without a pause."""
    client = FakeTable()
    assert count == _write(client, _records(count))
    assert (count, []) == (sum(client.batches), pauses)
    assert max(client.batches, default=0) <= BATCH_ITEMS_MAX
    assert {record.key for record in _records(count)} == client.written


def test_what_is_left_is_sent_again(pauses: list[float]) -> None:
    """Unprocessed items are sent again after a growing pause, and only they."""
    client = FakeTable(24, 24, 3, 0, 1)
    assert 30 == _write(client, _records(30))
    assert [25, 24, 24, 3, 5, 1] == client.batches
    assert {record.key for record in _records(30)} == client.written
    assert 4 == len(pauses)
    assert all(
        0 <= pause <= limit for pause, limit in zip(pauses, [0.1, 0.2, 0.4, 0.1], strict=True)
    )


def test_what_is_never_taken_is_counted(pauses: list[float]) -> None:
    """After ten rounds it is an error that says how many rows are in the table: partly done."""
    client = FakeTable(0, *[7] * 10)
    with pytest.raises(OperatorError) as raised:
        _write(client, _records(60))
    assert (
        "table claims: 43 of 60 rows written, then: DynamoDB left 7 items unprocessed 10 times in "
        "a row"
    ) == str(raised.value)
    assert (ExitCode.PARTLY_DONE, 43) == (raised.value.exit_code, len(client.written))
    assert (11, 9) == (len(client.batches), len(pauses))
    assert max(pauses) <= 5


@pytest.mark.parametrize(
    ("script", "written", "exit_code"),
    [
        ([THROTTLED], 0, ExitCode.USAGE),
        ([GONE], 0, ExitCode.USAGE),
        ([25] * 10, 0, ExitCode.USAGE),
        ([0, THROTTLED], 25, ExitCode.PARTLY_DONE),
        ([0, 0, GONE], 50, ExitCode.PARTLY_DONE),
        ([5, THROTTLED], 20, ExitCode.PARTLY_DONE),
        ([0, 24, 20, GONE], 30, ExitCode.PARTLY_DONE),
    ],
)
def test_a_failure_says_how_far_it_came(
    script: list[int | Exception], written: int, exit_code: ExitCode, pauses: list[float]
) -> None:
    """What was written before a failure is told, rounds of the failing batch included."""
    client = FakeTable(*script)
    with pytest.raises(OperatorError) as raised:
        _write(client, _records(60))
    assert str(raised.value).startswith(f"table claims: {written} of 60 rows written, then: ")
    assert (exit_code, written) == (raised.value.exit_code, len(client.written))


@pytest.mark.parametrize(
    ("script", "written", "under_way"),
    [([KeyboardInterrupt()], 0, 25), ([0, KeyboardInterrupt()], 25, 25),
     ([0, 20, KeyboardInterrupt()], 30, 20)],
)  # fmt: skip
def test_an_interruption_says_how_far_it_came(
    script: list[int | BaseException], written: int, under_way: int, pauses: list[float]
) -> None:
    """Ctrl-C ends a load that is partly done, since the batch under way may be written too."""
    with pytest.raises(OperatorError) as raised:
        _write(FakeTable(*script), _records(60))
    assert (
        f"table claims: {written} of 60 rows written, then: interrupted; "
        f"{under_way} more were under way"
    ) == str(raised.value)
    assert ExitCode.PARTLY_DONE is raised.value.exit_code


@pytest.mark.parametrize(
    "body",
    [b"{}", b"<html>hello", b"[]", b"7", b"null", b"\xff", b"[" * 100_000,
     b'{"UnprocessedItems": {"claims": [7]}}', b'{"UnprocessedItems": {"claims": 7}}'],
    ids=["empty", "html", "list", "number", "null", "bytes", "deep", "odd-items", "odd-list"],
)  # fmt: skip
def test_what_is_no_dynamodb_is_told(body: bytes) -> None:
    """A server that answers 200 with something else is named, whatever the SDK makes of it."""
    with answering(body) as url:
        client = TableLocation("claims", url).client()
        with pytest.raises(OperatorError) as raised:
            write_records(client, "claims", _records(1))
        client.close()
    told = f"0 of 1 rows written, then: {url} is no DynamoDB: its answer cannot be understood"
    assert (f"table claims: {told}", ExitCode.USAGE) == (
        str(raised.value),
        raised.value.exit_code,
    )


def test_rows_can_be_read_back(table: Table) -> None:
    """What is loaded into a real table is what the function reads there."""
    claims: dict[str, Any] = {"a": "é\U0001f600", "b": ["x", ""], "c": [], "d": " "}
    records = [*_records(60), Record(TENANT, None, None, 4_000_000_000, claims, ("z",))]
    assert 61 == write_records(table.client, table.name, records)
    for record in records:
        key = {"pk": {"S": record.key.pk}, "sk": {"S": record.key.sk}}
        layer = read_item(table.client.get_item(TableName=table.name, Key=key)["Item"], 0)
        assert layer is not None
        assert {n: value for n, value in record.claims.items() if value} == layer.claims


def test_rows_of_the_same_key_are_replaced(table: Table) -> None:
    """A row takes the place of the whole item, claims that it does not name included."""
    for claims in ({"a": "1", "b": "2"}, {"a": "3"}):
        record = Record(TENANT, "same@x", None, claims=dict(claims))
        write_records(table.client, table.name, [record])
    key = {"pk": {"S": record.key.pk}, "sk": {"S": record.key.sk}}
    item = table.client.get_item(TableName=table.name, Key=key)["Item"]
    assert {"M": {"a": {"S": "3"}}} == item["claims"]


def test_a_table_that_is_not_there(table: Table) -> None:
    """Name, endpoint and region: one of the three is wrong."""
    with pytest.raises(OperatorError) as raised:
        write_records(table.client, "nowhere", _records(1))
    told = f"no such table at {table.url} in region us-east-1"
    assert f"table nowhere: 0 of 1 rows written, then: {told}" == str(raised.value)
    assert ExitCode.USAGE is raised.value.exit_code
