"""An item of the table → the record that loads as it, in meaning."""

from typing import Any

import pytest
from claims_provider.claims.item import read_item
from claims_provider.errors import StoreFailure
from claimsctl.claims_file.dynamodb_json import plain
from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.record import Record
from claimsctl.claims_table.items import moment, record_of_item
from hypothesis import HealthCheck, given, settings

from tests.claims_file.files import APP, TENANT, USER
from tests.claims_table.items import claims, item, items
from tests.effort import tries

NOW = 1_700_000_000.0
EXPECTED = "expected a string or a list of strings"
SPELT = f"not in canonical form; a file would write it as USER#{TENANT}#{USER}"


def record(**parts: Any) -> Record:
    """The record that loads as `item(…)`."""
    return Record(TENANT, USER, None, **parts)


@settings(max_examples=tries(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(items)
def test_the_record_means_what_the_item_means(stored: dict[str, Any]) -> None:
    """What the function reads from the item, it reads from the record's own item too."""
    try:
        read = record_of_item(stored)
    except FieldProblem:
        return
    assert read_item(stored, NOW) == read_item(read.to_item(), NOW)


@settings(max_examples=tries(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(items)
def test_what_the_function_withholds_is_never_said(stored: dict[str, Any]) -> None:
    """An item that breaks a claim or a sign-in is reported rather than exported."""
    try:
        layer = read_item({name: stored[name] for name in stored if name != "expires_at"}, NOW)
        is_sound = layer is not None and layer.withheld == 0
    except StoreFailure:
        is_sound = False
    if not is_sound:
        with pytest.raises(FieldProblem):
            record_of_item(stored)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, record()),
        ({"claims": claims(a="x", b=["y"])}, record(claims={"a": "x", "b": ["y"]})),
        ({"claims": {"M": {"a": {"SS": ["y", "x"]}}}}, record(claims={"a": ["x", "y"]})),
        ({"claims": claims(a="")}, record(claims={"a": []})),
        ({"hidden_claims": {"SS": ["b", "a"]}}, record(hidden=("a", "b"))),
        ({"expires_at": {"N": "4102444799"}}, record(expires_at=4102444799)),
    ],
    ids=["bare", "claims", "set", "empty", "hidden", "expires"],
)  # fmt: skip
def test_what_a_file_can_say(attributes: dict[str, Any], expected: Record) -> None:
    """Sets are lists, and an empty string is an empty list: they mean the same."""
    assert expected == record_of_item(item(**attributes))


@pytest.mark.parametrize(
    ("stored", "field", "message"),
    [
        (item(claims={"M": {"age": {"N": "7"}}}), "age", f'{EXPECTED}; found number "7"'),
        (item(claims={"M": {"on": {"BOOL": True}}}), "on", f"{EXPECTED}; found boolean true"),
        (item(claims={"M": {"raw": {"B": b"x"}}}), "raw", f'{EXPECTED}; found binary "eA=="'),
        (item(claims={"S": "x"}), "claims", 'expected a map of claims; found "x"'),
        (item(hidden_claims={"S": "x"}), "hidden_claims", 'expected a list of strings; found "x"'),
        (item(claims=claims(user="x")), "user", "the claim has the name of a reserved column"),
        (
            item(claims=claims(appId="x")), "appId",
            "not allowed as the name of a claim; the reserved field is spelled app_id",
        ),
        (
            item(expires_at={"N": "1.5"}), "expires_at",
            'expected epoch seconds as a whole number; found number "1.5"',
        ),
        (item(pk={"S": "ORDER#1"}), "pk", "not a key of a claims table"),
        (item(sk={"S": "APP#"}), "pk", "not a key of a claims table"),
        (item(pk={"S": f"USER#{TENANT}"}), "pk", "not a key of a claims table"),
        (item(pk={"S": f"USER#{TENANT}#{USER.upper()}"}), "pk", SPELT),
        (item(sk={"S": f"APP#{APP.upper()}"}), "pk", SPELT),
    ],
    ids=[
        "number", "boolean", "binary", "map", "hidden", "reserved", "near-miss", "expires", "key",
        "sort-key", "no-user", "case", "app-case",
    ],
)  # fmt: skip
def test_what_no_file_can_say(stored: dict[str, Any], field: str, message: str) -> None:
    """The error names the field and its stored value."""
    with pytest.raises(FieldProblem) as raised:
        record_of_item(stored)
    assert (field, message) == (raised.value.field, str(raised.value))


@pytest.mark.parametrize(
    ("attribute", "shown"),
    [
        ({"N": "1767225600"}, "2026-01-01T00:00:00Z"),
        ({"N": "999999999999999"}, 'number "999999999999999"'),
        ({"S": "soon"}, '"soon"'),
    ],
)
def test_a_moment_for_people(attribute: dict[str, Any], shown: str) -> None:
    """A valid time is shown as in a file; anything else as it is stored."""
    assert shown == moment(attribute)


def test_every_type_can_be_shown() -> None:
    """Whatever is stored is shown on one line, its type before it where that is not plain."""
    assert '["a", "é"]' == plain({"L": [{"S": "a"}, {"S": "é"}]})
    assert 'list [{"S": "a"}, {"N": "1"}]' == plain({"L": [{"S": "a"}, {"N": "1"}]})
    assert 'string set ["a"]' == plain({"SS": ["a"]})
