"""Reading and pruning a claims table, in moto and in the real engine."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from claims_provider.claims.item import read_item
from claims_provider.claims.key import LayerKey
from claimsctl.claims_file.export import Export, ExportFormat
from claimsctl.claims_file.record import Record
from claimsctl.claims_file.validation import read_records
from claimsctl.claims_table.diff import Change, ChangeKind, plan_changes
from claimsctl.claims_table.items import key_of
from claimsctl.claims_table.prune import Removals, Removed, Scope, remove
from claimsctl.claims_table.reader import KEYS_MAX, SEGMENTS, TableReader
from claimsctl.errors import OperatorError
from claimsctl.loading.writers import write_records
from hypothesis import HealthCheck, given, settings

from tests.claims_file.files import APP, TENANT, USER
from tests.claims_table.items import OTHER_TENANT, claims, export_item, item, tables
from tests.effort import tries
from tests.integration.behaviours import PASS
from tests.integration.engine import Table, claims_table
from tests.integration.fault_proxy import FaultProxy

NOW = 1_700_000_000.0
FEW = settings(
    max_examples=tries(8),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def reader_of(table: Table) -> TableReader:
    """A reader through the test's own client."""
    return TableReader(table.client, table.name)


def many(count: int) -> list[Record]:
    """Records that differ in user and claim."""
    return [Record(TENANT, f"u{n}@x", None, None, {"n": str(n)}) for n in range(count)]


def keys(pages: Iterator[Any]) -> list[LayerKey]:
    """Keys of all items of all pages."""
    return [key_of(one) for page in pages for one in page]


def test_a_scan_meets_each_item_once(table: Table) -> None:
    """The segments together are the whole table, without duplicates."""
    records = many(230)
    write_records(table.client, table.name, records)
    assert sorted(record.key.pk for record in records) == sorted(
        key.pk for key in keys(reader_of(table).scan())
    )


def test_a_scan_of_tenants_leaves_others_out(table: Table) -> None:
    """Defaults and users of the tenants named; no tenant is named after another's beginning."""
    write_records(
        table.client,
        table.name,
        [
            Record(TENANT, None, None), Record(TENANT, USER, APP),
            Record(OTHER_TENANT, None, None), Record(OTHER_TENANT, USER, None),
        ],
    )  # fmt: skip
    found = {key.pk for key in keys(reader_of(table).scan([TENANT]))}
    assert {f"TENANT#{TENANT}", f"USER#{TENANT}#{USER}"} == found
    everybody = [TENANT, OTHER_TENANT, *(f"{n:08x}-0000-0000-0000-000000000000" for n in range(80))]
    assert 4 == len(keys(reader_of(table).scan(everybody)))


def test_large_items_come_in_pages(table: Table) -> None:
    """More than the megabyte that one answer holds is asked for until it is all there."""
    for app in range(12):
        key = Record(TENANT, USER, f"{app:08x}-0000-0000-0000-000000000000").key
        table.put(key, claims=claims(big="x" * 300_000))
    reader = reader_of(table)
    assert 12 == len(reader.partition(f"USER#{TENANT}#{USER}"))
    assert 12 == len(keys(reader.scan()))


def test_a_scan_may_be_left(table: Table) -> None:
    """Closing the generator ends the scans without waiting for the table."""
    write_records(table.client, table.name, many(200))
    pages = reader_of(table).scan()
    assert next(pages) is not None
    pages.close()  # type: ignore[attr-defined]  # a generator


def test_what_cannot_be_read_is_told(table: Table) -> None:
    """A table that is not there is named by whatever asks for it."""
    reader = TableReader(table.client, "nowhere")
    told = f"table nowhere: no such table in region us-east-1 at {table.url}"
    for ask in (
        reader.count,
        lambda: list(reader.scan()),
        lambda: reader.partition("x"),
        lambda: reader.read([LayerKey("x", "y")]),
    ):
        with pytest.raises(OperatorError) as raised:
            ask()
        assert told == str(raised.value)


def test_a_plan_reads_a_hundred_keys_at_a_time(table: Table) -> None:
    """There is one call for every hundred rows."""
    records = many(2 * KEYS_MAX + 1)
    with FaultProxy(table.url, PASS) as proxy:
        proxied = Table(proxy.url, table.name)
        kinds = {change.kind for change in plan_changes(reader_of(proxied), records)}
        assert ({ChangeKind.ADD}, 3) == (kinds, len(proxy.requests))
        proxied.client.close()


def test_a_plan_tells_what_loading_would_do(table: Table) -> None:
    """Add, change, same: in the file's order, before → after."""
    write_records(
        table.client,
        table.name,
        [
            Record(TENANT, None, None, None, {"tier": "basic", "gone": "x"}, ("a", "b")),
            Record(TENANT, USER, None, 4102444799, {"roles": ["a"]}, ("b", "a")),
        ],
    )
    records = [
        Record(TENANT, "new@x", None, None, {"tier": "gold"}),
        Record(TENANT, USER, None, 4102444799, {"roles": ["a"]}, ("a", "b")),
        Record(TENANT, None, None, 4102444799, {"tier": "gold"}, ("b", "a")),
    ]
    changes = list(plan_changes(reader_of(table), records))
    assert [ChangeKind.ADD, ChangeKind.SAME, ChangeKind.CHANGE] == [one.kind for one in changes]
    assert [record.key for record in records] == [one.key for one in changes]
    assert [
        ("gone", {"S": "x"}, None),
        ("tier", {"S": "basic"}, {"S": "gold"}),
        ("expires_at", None, {"N": "4102444799"}),
    ] == [(value.name, value.old, value.new) for value in changes[2].values()]
    assert [("tier", None, {"S": "gold"})] == [
        (value.name, value.old, value.new) for value in changes[0].values()
    ]


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"claims": {"M": {"roles": {"SS": ["b", "a"]}}}}, ChangeKind.SAME),
        ({"claims": claims(roles=["a", "b"]), "note": {"S": "by hand"}}, ChangeKind.SAME),
        ({"claims": claims(roles=["b", "a"])}, ChangeKind.CHANGE),
        ({"claims": {"M": {"roles": {"L": [{"S": "a"}, {"N": "1"}]}}}}, ChangeKind.CHANGE),
        ({"claims": {"S": "x"}}, ChangeKind.CHANGE),
        ({"claims": claims(roles=["a", "b"]), "expires_at": {"S": "x"}}, ChangeKind.CHANGE),
    ],
    ids=["set", "note", "order", "number", "no-map", "no-moment"],
)
def test_what_was_put_by_hand_is_compared_by_meaning(
    table: Table, attributes: dict[str, Any], kind: ChangeKind
) -> None:
    """What the function reads the same is the same; what it cannot read is to be changed."""
    table.client.put_item(TableName=table.name, Item=item(**attributes))
    record = Record(TENANT, USER, None, None, {"roles": ["a", "b"]})
    (change,) = plan_changes(reader_of(table), [record])
    assert kind is change.kind
    assert bool(list(change.values())) is (kind is ChangeKind.CHANGE)


def scope_of(records: list[Record]) -> Scope:
    """What a file of `records` names."""
    scopes = {(record.tenant_id, record.app_id, record.user is not None) for record in records}
    return Scope(scopes, {record.key for record in records}.__contains__)


def pruned(table: Table, file: list[Record]) -> list[LayerKey]:
    """Keys that pruning by `file` would remove."""
    with Removals(scope_of(file)) as removals:
        assert sum(removals.find(reader_of(table))) >= removals.count
        changes: list[Change] = list(removals.changes(reader_of(table)))
        assert removals.count == len(changes)
        return [change.key for change in changes]


def test_pruning_stays_within_what_the_file_names(table: Table) -> None:
    """Other tenants, other apps, defaults of which the file says nothing, other items: all stay."""
    stays = [
        Record(TENANT, USER, None), Record(TENANT, "else@x", APP), Record(TENANT, None, None),
        Record(OTHER_TENANT, "gone@x", None),
    ]  # fmt: skip
    goes = [Record(TENANT, f"gone{n}@x", None) for n in range(3)]
    write_records(table.client, table.name, [*stays, *goes])
    table.put(LayerKey("ORDER#1", "APP#*"))
    table.put(LayerKey(f"USER#{TENANT}#casey", "APP#*"))
    assert [record.key for record in goes] == pruned(table, [Record(TENANT, USER, None)])
    assert [] == pruned(table, [])


def test_defaults_go_when_the_file_has_some(table: Table) -> None:
    """A file that has a default row of the tenant is about the defaults too, in its apps."""
    write_records(table.client, table.name, [Record(TENANT, None, None), Record(TENANT, None, APP)])
    assert [] == pruned(table, [Record(TENANT, None, None)])
    file = [Record(TENANT, None, None), Record(TENANT, USER, APP)]
    assert [Record(TENANT, None, APP).key] == pruned(table, file)


def test_a_file_of_defaults_is_no_word_about_users(table: Table) -> None:
    """Neither in every app nor in one: users' rows go only where the file has users' rows."""
    users = [Record(TENANT, f"gone@{n}", app) for n, app in enumerate((None, APP))]
    defaults = [Record(TENANT, None, None), Record(TENANT, None, APP)]
    write_records(table.client, table.name, [*users, *defaults])
    assert [] == pruned(table, defaults)
    file = [*defaults, Record(TENANT, "kept@x", APP)]
    assert [users[1].key] == pruned(table, file)


def test_only_what_is_unchanged_is_removed(table: Table) -> None:
    """An item that was written after the plan is kept and counted."""
    write_records(table.client, table.name, many(4))
    table.put(Record(TENANT, USER, None).key, claims={"M": {"a": {"SS": ["x", "y"]}}}, n={"N": "1"})
    with Removals(scope_of([Record(TENANT, "kept@x", None)])) as removals:
        list(removals.find(reader_of(table)))
        changed, gone = many(2)
        table.put_claims(changed.key, {"n": "another"})
        table.client.delete_item(
            TableName=table.name, Key={"pk": {"S": gone.key.pk}, "sk": {"S": gone.key.sk}}
        )
        done = Removed()
        removed = list(remove(reader_of(table), removals, done))
    assert (5, Removed(removed=3, kept=2)) == (removals.count, done)
    assert [changed.key] == keys(reader_of(table).scan())
    assert 3 == len(removed)


def test_an_item_that_changes_at_the_last_moment_stays(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The condition is DynamoDB's to check: reading again before deleting would leave a gap."""
    (record,) = many(1)
    write_records(table.client, table.name, [record])
    reader = reader_of(table)
    with Removals(scope_of([Record(TENANT, "kept@x", None)])) as removals:
        list(removals.find(reader))
        changes = list(removals.changes(reader))
        table.put_claims(record.key, {"n": "another"})
        monkeypatch.setattr(removals, "changes", lambda _: iter(changes))
        done = Removed()
        assert [] == list(remove(reader, removals, done))
    assert Removed(removed=0, kept=1) == done
    assert [record.key] == keys(reader.scan())


def test_an_item_that_gets_an_end_at_the_last_moment_stays(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the item did not have when it was found is looked at as well."""
    (record,) = many(1)
    write_records(table.client, table.name, [record])
    reader = reader_of(table)
    with Removals(scope_of([Record(TENANT, "kept@x", None)])) as removals:
        list(removals.find(reader))
        changes = list(removals.changes(reader))
        table.put(record.key, claims=claims(n="0"), expires_at={"N": "4102444799"})
        monkeypatch.setattr(removals, "changes", lambda _: iter(changes))
        done = Removed()
        assert [] == list(remove(reader, removals, done))
    assert Removed(removed=0, kept=1) == done


@pytest.mark.parametrize("form", list(ExportFormat))
def test_export_and_load_make_the_same_table(
    endpoint: str, form: ExportFormat, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What one table's export holds makes another table that the function reads the same."""
    path = tmp_path_factory.mktemp("export") / "claims"

    @FEW
    @given(tables)
    def check(items: list[dict[str, Any]]) -> None:
        with claims_table(endpoint) as one, claims_table(endpoint) as other:
            for stored in items:
                one.client.put_item(TableName=one.name, Item=stored)
            out = io.StringIO(newline="")
            with Export(form) as export:
                for page in reader_of(one).scan():
                    for found in page:
                        export_item(export, found)
                assert len(items) == export.counts.rows + export.counts.left_out
                list(export.write(out))
                left_out = {key for key, _ in export.counts.reasons}
            path.write_bytes(out.getvalue().encode())
            if export.counts.rows:
                write_records(other.client, other.name, read_records(path))
            layers = [
                {key_of(stored): read_item(stored, NOW) for page in pages for stored in page}
                for pages in (
                    [[stored for stored in items if key_of(stored) not in left_out]],
                    reader_of(other).scan(),
                )
            ]
            assert layers[0] == layers[1]

    check()


def test_there_are_as_many_scans_as_connections() -> None:
    """A client of the SDK keeps ten connections; more scans than that would wait for one."""
    assert 10 > SEGMENTS
