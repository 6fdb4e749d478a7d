"""A file's rows meet a table that is not empty: what each mode must leave behind.

Said a second time here, in the plainest way, so that the loader cannot be its own witness.
"""

import csv
import io
from typing import Any

from claims_provider.claims.key import LayerKey
from claimsctl.claims_file.record import Record
from claimsctl.claims_table.upsert import OnExisting

from tests.claims_file.files import TENANT
from tests.integration.engine import Table

Items = dict[LayerKey, dict[str, Any]]


def user_of(number: int) -> str:
    """The object id of user `number`."""
    return f"{number:08x}-0000-1111-2222-bbbbbbbbbbbb"


def record_of(number: int) -> Record:
    """What the file has for user `number`."""
    claims: dict[str, Any] = {"n": str(number), "roles": ["Reader", f"r{number}"]}
    hidden = ("queue",) if number % 3 == 0 else ()
    return Record(TENANT, user_of(number), None, claims=claims, hidden=hidden)


def csv_of(count: int) -> str:
    """The file: a row for each user from 1 to `count`."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(["tenant_id", "user", "n", "roles", "hidden_claims"])
    for number in range(1, count + 1):
        record = record_of(number)
        rows.writerow(
            [TENANT, record.user, record.claims["n"], "|".join(record.claims["roles"]),
             '["queue"]' if record.hidden else ""]
        )  # fmt: skip
    return text.getvalue()


def is_other(number: int) -> bool:
    """Whether the table has other claims for user `number`."""
    return number % 5 == 0


def is_same(number: int) -> bool:
    """Whether the table has for user `number` what the file has."""
    return not is_other(number) and number % 7 == 0


def before(count: int) -> Items:
    """What is in the table before the load."""
    items = {}
    for number in range(1, count + 1):
        record = record_of(number)
        if is_other(number):
            other = {"tier": {"S": "gold"}, "queue": {"S": "old"}, "n": {"S": "old"}}
            items[record.key] = _item(
                record.key, claims={"M": other}, expires_at={"N": "4000000000"}
            )
        elif is_same(number):
            items[record.key] = record.to_item()
    return items


def after(mode: OnExisting, count: int) -> Items:
    """What must be in the table after it."""
    there = before(count)
    items = {}
    for number in range(1, count + 1):
        record = record_of(number)
        items[record.key] = record.to_item()
        if not is_other(number):
            continue
        match mode:
            case OnExisting.SKIP | OnExisting.FAIL:
                items[record.key] = there[record.key]
            case OnExisting.MERGE:
                claims = {"tier": {"S": "gold"}, **record.to_item()["claims"]["M"]}
                if not record.hidden:
                    claims["queue"] = {"S": "old"}
                items[record.key] |= {"claims": {"M": claims}, "expires_at": {"N": "4000000000"}}
    return items


def summary_counts(mode: OnExisting, count: int, *, looked: bool = False) -> dict[str, int]:
    """The counts of rows that are not written; `looked`: items are read first, as by a prune."""
    others = sum(map(is_other, range(1, count + 1)))
    same = sum(map(is_same, range(1, count + 1)))
    return {
        "unchanged": same if looked or mode is not OnExisting.REPLACE else 0,
        "skipped": others if mode is OnExisting.SKIP else 0,
        "rejected": others if mode is OnExisting.FAIL else 0,
    }


def fill(table: Table, items: Items) -> None:
    """Put `items` into `table`."""
    puts: list[Any] = [{"PutRequest": {"Item": item}} for item in items.values()]
    for start in range(0, len(puts), 25):
        table.client.batch_write_item(RequestItems={table.name: puts[start : start + 25]})


def content(table: Table) -> Items:
    """All that is in `table`."""
    items: Items = {}
    for page in table.client.get_paginator("scan").paginate(
        TableName=table.name, ConsistentRead=True
    ):
        for item in page["Items"]:
            key = LayerKey(item["pk"]["S"], item["sk"]["S"])
            items[key] = dict(item)
    return items


def _item(key: LayerKey, **attributes: Any) -> dict[str, Any]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}, **attributes}
