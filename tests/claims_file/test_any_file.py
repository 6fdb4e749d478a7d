"""Whatever a file holds: records that the function reads as they were meant, or clear problems."""

import gzip
import json
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from claims_provider.claims.item import read_item
from claims_provider.contract.answer import claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX
from claims_provider.outbound.response import claims_response
from claimsctl.claims_file.fields import RESERVED, meant_by
from claimsctl.claims_file.formats import Format, ReadOptions
from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.record import FileRow, Record
from claimsctl.claims_file.rows import RowCheck
from claimsctl.claims_file.schema import ClaimRule, ClaimSchema, ClaimType
from claimsctl.claims_file.validation import check_file, read_records
from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Answer
from claimsctl.judge.judge import judge
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.claims_file.files import APP, TENANT, USER, read_record, read_row
from tests.effort import tries

MANY = settings(max_examples=tries(300), deadline=None, suppress_health_check=list(HealthCheck))
NOW = 0.0

any_text = st.text(st.characters(), max_size=20)  # lone surrogates included
names = any_text | st.sampled_from(["tenant_id", "user", "app_id", "expires_at", "hidden_claims"])
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | any_text
    | st.sampled_from(
        [USER, APP, TENANT, "a@b", "2030-01-01T00:00:00Z", "20300101", "a|b", '["a"]', "[", ""]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=2),
    max_leaves=5,
)
good_claims = st.dictionaries(
    st.text(min_size=1).filter(
        lambda name: name == name.strip() != "" and meant_by(name) is None and name not in RESERVED
    ),
    st.text() | st.lists(st.text()),
    max_size=4,
)
good_keys = st.fixed_dictionaries(
    {"user": st.sampled_from(["", None, USER, USER.upper(), "a@b", "É@X"])},
    optional={
        "app_id": st.sampled_from(["", APP]),
        "expires_at": st.integers(0, 10**12) | st.just("2030-01-01T00:00:00Z"),
        "hidden_claims": st.lists(st.text(), max_size=3),
    },
)
fields = st.one_of(
    st.dictionaries(names, json_values, max_size=6),
    st.builds(lambda claims, key: claims | key, good_claims, good_keys),
    st.builds(lambda claims, key: claims | key, st.dictionaries(any_text, json_values), good_keys),
)
cells = st.dictionaries(
    names,
    any_text | st.sampled_from([USER, APP, "a@b", "1924991999", "a|b", '["a","b"]', "[]", "|"]),
    max_size=6,
)
pieces = st.lists(
    st.sampled_from(
        [b"user", b"app_id", b"expires_at", b"hidden_claims", b"tier", b",", b";", b"\t", b"\n",
         b"\r\n", b"\r", b'"', b'""', b"\x00", b"\xff", b"\xef\xbb\xbf", b"{", b"}", b"[", b"]",
         b":", b"|", b" ", b"null", b"7", USER.encode(), APP.encode(), b'{"user": ""', b"\\ud800"]
    ),
    max_size=30,
)  # fmt: skip


def _survives(record: Record) -> None:
    """Assert that the function reads the record's item as the record means it."""
    layer = read_item(record.to_item(), NOW)
    assert layer is not None
    empty = {name for name, value in record.claims.items() if not value}
    assert {n: value for n, value in record.claims.items() if n not in empty} == layer.claims
    assert {*record.hidden} | empty == {*layer.hidden}
    assert 0 == layer.withheld
    response = claims_response(dict(layer.claims))
    headers = tuple(response["headers"].items())
    assert judge(Answer(200, headers, response["body"].encode())).accepted


@MANY
@given(fields)
def test_accepted_fields_reach_entra(row: dict[str, Any]) -> None:
    """Any record that is accepted gives the function, and so Entra, the same claims."""
    try:
        record = read_record(row, TENANT)
    except FieldProblem:
        return
    _survives(record)


@MANY
@given(cells)
def test_accepted_cells_reach_entra(row: dict[str, str]) -> None:
    """Cells that are accepted do likewise."""
    try:
        record = read_row(row, TENANT)
    except FieldProblem:
        return
    _survives(record)


@MANY
@given(good_claims)
def test_good_claims_are_never_refused(claims: dict[str, Any]) -> None:
    """Strings and lists of strings under any name but a near miss pass through JSON lines."""
    assume(claims_bytes(claims) <= CLAIMS_BYTES_MAX)
    record = read_record(json.loads(json.dumps(claims)), TENANT)
    assert {name: value for name, value in claims.items() if value != ""} == record.claims


RULES = {
    "tier": ClaimRule("tier", ClaimType.STRING, values=("gold", "a|b")),
    "roles": ClaimRule("roles", ClaimType.LIST, apps=frozenset({APP})),
    "free": ClaimRule("free", ClaimType.STRING),
}
options = st.builds(
    ReadOptions,
    tenant=st.sampled_from([None, TENANT]),
    list_separator=st.sampled_from(["|", ";", "]"]),
    schema=st.sampled_from([None, ClaimSchema(RULES)]),
    expires_at=st.sampled_from([None, 1924991999]),
)
headings = st.lists(
    st.sampled_from([*RESERVED, *RULES, "reject_reason", "", "x"]), unique=True
).map(lambda names: [name for name in names if name != "user"] + ["user"])
some_cells = st.sampled_from(
    ["", "x", "a|b", "a;b", "|", '["a"]', '["a", 1]', "[", "gold", USER, USER.upper(), APP, TENANT,
     "a@b", "1924991999", "2030-01-01T00:00:00Z", "7", "é" * 800, "tier", '["\\ud800"]', "y" * 3073]
)  # fmt: skip


def _found(found: object) -> object:
    if isinstance(found, list):
        return [(problem.field, str(problem)) for problem in found]
    return found


@MANY
@given(options, headings, st.lists(st.lists(some_cells | any_text, max_size=9), max_size=5))
def test_each_row_is_checked_by_itself(
    options: ReadOptions, names: list[str], rows: list[list[str]]
) -> None:
    """What is found in a row does not depend on the rows before it."""
    named = [name for name in names if options.schema is None or name != "x"]
    check = RowCheck(options, named, ",")
    for number, cells in enumerate(rows * 2, start=1):
        row = FileRow(number, number + 1, cells, cells)
        assert _found(RowCheck(options, named, ",").check(row)) == _found(check.check(row))


@MANY
@given(st.dictionaries(st.sampled_from([*RESERVED, *RULES, "x", "appid"]), some_cells | any_text))
def test_cells_and_json_are_checked_alike(cells: dict[str, str]) -> None:
    """A row of plain texts is the same record, or has the same problems, in CSV and in JSON."""
    assume(not any(text.startswith("[") or "|" in text for text in cells.values()))
    fields = {"user": ""} | cells
    texts = list(fields.values())
    from_csv = RowCheck(ReadOptions(), list(fields), ",").check(FileRow(1, 2, texts, texts))
    from_json = RowCheck(ReadOptions()).check(FileRow(1, 2, json.dumps(fields), fields))
    assert _found(from_csv) == _found(from_json)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file, written over and over."""
    return tmp_path_factory.mktemp("any") / "claims"


def _read(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        records = read_records(path, TENANT)
    except OperatorError as error:
        message, records = (str(error).startswith(str(path)), len(error.lines) <= 21), []
    else:
        message = (True, True)
    assert (True, True) == message
    assert len(records) == len({record.key for record in records})
    for record in records:
        _survives(record)


def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, 1, mtime=0)


@MANY
@given(st.binary(), st.sampled_from([None, *Format]))
def test_any_bytes(path: Path, content: bytes, format_: Format | None) -> None:
    """Any bytes result in records or reported problems, never in another exception."""
    _read(path, content)
    _read(path, _compressed(content))
    _read(path, _compressed(content)[: len(content)])
    path.write_bytes(content)
    with suppress(OperatorError), check_file(path, ReadOptions(format=format_)) as checked:
        assert checked.rows == checked.rejected + len(list(checked.records()))
        assert checked.rejected == len(list(checked.rejected_rows()))


@MANY
@given(pieces)
def test_any_near_miss(path: Path, content: list[bytes]) -> None:
    """What resembles a claims file results in records or reported problems."""
    _read(path, b"".join(content))
    _read(path, b"user,tier\n" + b"".join(content))
    _read(path, b"[" + b"".join(content))


@settings(MANY, max_examples=tries(100))
@given(st.lists(fields, max_size=4), st.sampled_from([None, 1]))
def test_any_json(path: Path, rows: list[dict[str, Any]], indent: int | None) -> None:
    """Any objects, a line each or in an array, are the records that each of them is by itself."""
    rows = [{"user": ""} | row for row in rows]
    _read(path, "\n".join(json.dumps(row) for row in rows).encode())
    message = _rejected(path)
    assert _expected(rows) == message
    path.write_text(json.dumps(rows, indent=indent))
    assert message == (_rejected(path) if rows else None)


def _expected(rows: list[dict[str, Any]]) -> list[bool] | None:
    """Which rows are bad, by a naive look at all of them in memory."""
    if not rows:
        return None
    check = RowCheck(ReadOptions(tenant=TENANT))
    found = [check.check_values(row) for row in rows]
    keys = Counter(row.key for row in found if isinstance(row, Record))
    return [isinstance(row, list) or keys[row.key] > 1 for row in found]


def _rejected(path: Path) -> list[bool] | None:
    try:
        checked = check_file(path, ReadOptions(tenant=TENANT))
    except OperatorError:
        return None
    with checked:
        bad = {row.row for row in checked.rejected_rows()}
        return [number in bad for number in range(1, checked.rows + 1)]
