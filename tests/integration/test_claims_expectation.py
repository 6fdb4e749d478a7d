"""A dry run predicts exactly what a load does, in moto and in the real engine."""

import pytest
from claims_provider.claims.item import read_item
from claimsctl.claims_file.record import Record
from claimsctl.claims_table.diff import plan_changes
from claimsctl.claims_table.items import key_of
from claimsctl.claims_table.location import TableLocation
from claimsctl.claims_table.reader import TableReader
from claimsctl.claims_table.upsert import OnExisting
from claimsctl.loading.writers import open_writer

from tests.claims_file.files import APP, TENANT, USER
from tests.claims_table.items import claims, item
from tests.integration.engine import Table

NOW = 1_700_000_000.0
ITEMS = [
    item(claims=claims(tier="gold", queue="web"), hidden_claims={"SS": ["roles"]}),
    item(app=APP, claims=claims(tier="old"), expires_at={"N": "1600000000"}),
    item(None, claims=claims(tier="same")),
    item("odd@x", claims={"S": "x"}),
]
RECORDS = [
    Record(TENANT, USER, None, 4102444799, {"tier": "silver", "roles": ["a"]}, ("queue",)),
    Record(TENANT, USER, APP, None, {"tier": "new"}),
    Record(TENANT, None, None, None, {"tier": "same"}),
    Record(TENANT, "odd@x", None, None, {"tier": "new"}),
    Record(TENANT, "new@x", None, None, {"tier": "new"}),
]


@pytest.mark.parametrize("mode", list(OnExisting))
def test_the_plan_is_what_comes_to_pass(table: Table, mode: OnExisting) -> None:
    """An item to add or change is afterwards as the plan wants it; any other is as it was."""
    for stored in ITEMS:
        table.client.put_item(TableName=table.name, Item=stored)
    reader = TableReader(table.client, table.name)
    changes = list(plan_changes(reader, RECORDS, mode))
    writer, _ = open_writer(
        TableLocation(table.name, table.url), mode, 1, compares=False, resumed=False
    )
    writer.write(RECORDS)
    after = {key_of(stored): stored for page in reader.scan() for stored in page}
    for change in changes:
        will = change.wanted if change.kind in {"add", "change"} else change.item
        assert will is not None
        if will != after[change.key]:
            assert read_item(will, NOW) == read_item(after[change.key], NOW)
    assert {change.key for change in changes if change.kind != "reject"} <= after.keys()
