"""Records of a table's items → a file that loads as the same items."""

import io
from pathlib import Path
from typing import Any

import pytest
from claims_provider.claims.item import read_item
from claims_provider.claims.key import LayerKey
from claimsctl.claims_file.export import Export, ExportCounts, ExportFormat
from claimsctl.claims_file.validation import read_records
from claimsctl.claims_table.items import key_of
from hypothesis import HealthCheck, given, settings

from tests.claims_file.files import APP, TENANT, USER
from tests.claims_table.items import claims, export_item, item, tables
from tests.effort import tries

NOW = 1_700_000_000.0
FORMATS = list(ExportFormat)


def exported(items: list[dict[str, Any]], form: ExportFormat) -> tuple[str, ExportCounts]:
    """The file, and what the export has met."""
    out = io.StringIO(newline="")
    with Export(form) as export:
        for one in items:
            export_item(export, one)
        assert export.counts.rows == sum(export.write(out))
        return out.getvalue(), export.counts


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file, written over and over."""
    return tmp_path_factory.mktemp("export") / "claims"


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=tries(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(items=tables)
def test_an_export_loads_as_the_same(
    path: Path, form: ExportFormat, items: list[dict[str, Any]]
) -> None:
    """Each item is in the file, and read back means the same; or it is counted as left out."""
    content, met = exported(items, form)
    assert len(items) == met.rows + met.left_out
    if not met.rows:
        return
    path.write_bytes(content.encode())
    loaded = {record.key: record.to_item() for record in read_records(path)}
    left_out = {key for key, _ in met.reasons}
    assert {key_of(one) for one in items} - left_out == loaded.keys()
    for one in items:
        if key_of(one) not in left_out:
            assert read_item(one, NOW) == read_item(loaded[key_of(one)], NOW)
            assert one.get("expires_at") == loaded[key_of(one)].get("expires_at")


def test_json_lines_hold_what_csv_cannot() -> None:
    """Text that CSV would turn into a list is left out; the reason names the other format."""
    items = [item(claims=claims(scope="a|b")), item(None, claims=claims(scope="[x"))]
    _, met = exported(items, ExportFormat.CSV)
    message = (
        "scope: in CSV, the text {} would be read as a list; export with --format jsonl to include"
        " it"
    )
    assert [message.format("'a|b'"), message.format("'[x'")] == [
        reason for _, reason in met.reasons
    ]
    assert (2, 0) == (exported(items, ExportFormat.JSONL)[1].rows, met.rows)


def test_the_file_is_the_same_whatever_the_order() -> None:
    """Rows stand in the order of tenant, user (defaults first) and app, columns by name."""
    items = [
        item(claims=claims(tier="gold", roles=["a", "b"])),
        item(None, claims=claims(tier="basic")),
        item(app=APP, hidden_claims={"SS": ["tier"]}, expires_at={"N": "4102444799"}),
        item("a@x", claims=claims(roles=["a"])),
    ]
    expected = (
        "tenant_id,user,app_id,expires_at,hidden_claims,roles,tier\n"
        f"{TENANT},,,,,,basic\n"
        f'{TENANT},a@x,,,,"[""a""]",\n'
        f"{TENANT},{USER},,,,a|b,gold\n"
        f"{TENANT},{USER},{APP},2099-12-31T23:59:59Z,tier,,\n"
    )
    for order in (items, items[::-1]):
        assert expected == exported(order, ExportFormat.CSV)[0]


def test_json_lines_look_like_this() -> None:
    """Missing fields are omitted; text beyond ASCII is not escaped."""
    line = f'{{"tenant_id": "{TENANT}", "user": "", "roles": [], "tier": "é"}}\n'
    stored = item(None, claims=claims(tier="é", roles=[]))
    assert line == exported([stored], ExportFormat.JSONL)[0]


def test_what_nobody_reads_is_counted() -> None:
    """Other attributes are not in the file: they are ignored by the function too."""
    stored = [item(note={"S": "x"}), item(None)]
    assert ExportCounts(rows=2, with_more=1) == exported(stored, ExportFormat.CSV)[1]


def test_reasons_are_kept_for_the_first_only() -> None:
    """A table of another kind does not fill the memory with reasons."""
    met = exported([{"pk": {"S": f"x{n}"}, "sk": {"S": "y"}} for n in range(30)], ExportFormat.CSV)[
        1
    ]
    assert (30, 20) == (met.left_out, len(met.reasons))
    assert (LayerKey("x0", "y"), "pk: not a key of a claims table") == met.reasons[0]
