"""A few records → items in a table: all of them, or an error."""

from collections.abc import Iterator
from typing import Any

import pytest
from claims_provider.claims.item import read_item
from claimsctl.claims_file.record import Record
from claimsctl.claims_table.location import TableLocation
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.loading.writers import write_records

from tests.claims_file.files import TENANT
from tests.claims_table.answering import answering
from tests.integration.engine import Table, claims_table, moto


def _records(count: int) -> list[Record]:
    return [Record(TENANT, f"u{n}@x", None, claims={"n": str(n)}) for n in range(count)]


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    """A table in moto."""
    with moto() as url, claims_table(url) as table:
        yield table


@pytest.mark.parametrize(
    "body",
    [b"{}", b"<html>hello", b"[]", b"7", b"null", b"\xff", b"[" * 100_000,
     b'{"UnprocessedItems": {"claims": [7]}}', b'{"UnprocessedItems": {"claims": 7}}'],
    ids=["empty", "html", "list", "number", "null", "bytes", "deep", "odd-items", "odd-list"],
)  # fmt: skip
def test_what_is_no_dynamodb_is_reported(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that answers 200 with anything else is reported with its URL."""
    monkeypatch.setattr("claimsctl.claims_table.retry.FIRST_BUDGET_SECONDS", 0)
    with answering(body) as url:
        client = TableLocation("claims", url).client()
        with pytest.raises(OperatorError) as raised:
            write_records(client, "claims", _records(1))
        client.close()
    reason = (
        f"table claims: {url} does not answer as DynamoDB does; check the endpoint URL"
        " (retried for 0 s)"
    )
    assert (reason, ExitCode.USAGE) == (str(raised.value), raised.value.exit_code)


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
    reason = f"no such table in region us-east-1 at {table.url}"
    assert f"table nowhere: {reason}" == str(raised.value)
    assert ExitCode.USAGE is raised.value.exit_code


def test_a_record_that_dynamodb_refuses(table: Table) -> None:
    """Without a rejects file, one that is not taken is an error."""
    hidden = tuple(f"{n:0200}" for n in range(3000))
    with pytest.raises(OperatorError, match="Item size has exceeded"):
        write_records(
            table.client, table.name, [*_records(3), Record(TENANT, None, None, None, {}, hidden)]
        )
