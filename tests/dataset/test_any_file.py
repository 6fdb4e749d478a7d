"""Whatever a file holds: records that the function reads as they were meant, or clear problems."""

import json
from pathlib import Path
from typing import Any

import pytest
from claims_provider.claims.item import read_item
from claims_provider.contract.answer import claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX
from claims_provider.outbound.response import claims_response
from claimsctl.dataset.check import read_records
from claimsctl.dataset.columns import RESERVED, meant_by
from claimsctl.dataset.problem import FieldProblem
from claimsctl.dataset.record import Record
from claimsctl.entra.finding import Answer
from claimsctl.entra.judge import judge
from claimsctl.errors import OperatorError
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.dataset.files import APP, TENANT, USER, read_cells, read_record

MANY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
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
        record = read_record(read_cells(row), TENANT)
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


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file, written over and over."""
    return tmp_path_factory.mktemp("any") / "claims"


def _read(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        records = read_records(path, TENANT)
    except OperatorError as error:
        told, records = (str(error).startswith(str(path)), len(error.lines) <= 21), []
    else:
        told = (True, True)
    assert (True, True) == told
    assert len(records) == len({record.key for record in records})
    for record in records:
        _survives(record)


@MANY
@given(st.binary())
def test_any_bytes(path: Path, content: bytes) -> None:
    """Any bytes are records or a problem told, never another exception."""
    _read(path, content)


@MANY
@given(pieces)
def test_any_near_miss(path: Path, content: list[bytes]) -> None:
    """What looks nearly like a file of claims is records or a problem told."""
    _read(path, b"".join(content))
    _read(path, b"user,tier\n" + b"".join(content))


@MANY
@given(st.lists(fields, max_size=4))
def test_any_json_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    """Any objects, a line each, are records or a problem told."""
    _read(path, "\n".join(json.dumps({"user": ""} | row) for row in rows).encode())
