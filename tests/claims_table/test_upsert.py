"""`--on-existing merge`: what the item in the table and the file's row come to."""

from typing import Any

import pytest
from claims_provider.claims.item import read_item
from claimsctl.claims_file.record import Record
from claimsctl.claims_table.upsert import (
    CannotMerge,
    NoWrite,
    OnExisting,
    Reject,
    Write,
    decide,
    is_expired,
    merge,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.claims_file.files import TENANT

NOW = 2_000_000_000.0
KEY = {"pk": {"S": f"TENANT#{TENANT}"}, "sk": {"S": "APP#*"}}
LATER = {"N": "3000000000"}


def _item(**attributes: Any) -> dict[str, Any]:
    return {**KEY, **attributes}


def _row(expires_at: int | None = None, hidden: tuple[str, ...] = (), **claims: Any) -> Record:
    return Record(TENANT, None, None, expires_at, claims, hidden)


def test_what_the_row_says_counts() -> None:
    """The row's claims stand in place of the item's of the same name; the others stay."""
    item = _item(claims={"M": {"a": {"S": "1"}, "b": {"S": "2"}}}, note={"S": "by hand"})
    merged = merge(item, _row(b="3", c=["4"]))
    claims = {"a": {"S": "1"}, "b": {"S": "3"}, "c": {"L": [{"S": "4"}]}}
    assert _item(claims={"M": claims}, note={"S": "by hand"}) == merged


def test_what_is_hidden_is_not_given() -> None:
    """A claim that the row hides is removed from the item; one that it sets is no longer hidden."""
    item = _item(
        claims={"M": {"a": {"S": "1"}, "b": {"S": "2"}}},
        hidden_claims={"L": [{"S": "c"}, {"S": "d"}]},
    )
    merged = merge(item, _row(hidden=("a",), c="3"))
    assert {"M": {"b": {"S": "2"}, "c": {"S": "3"}}} == merged["claims"]
    assert {"L": [{"S": "d"}, {"S": "a"}]} == merged["hidden_claims"]


def test_nothing_is_hidden_any_more() -> None:
    """An attribute that would be empty is removed."""
    merged = merge(_item(hidden_claims={"SS": ["c"]}), _row(c="3"))
    assert _item(claims={"M": {"c": {"S": "3"}}}) == merged


@pytest.mark.parametrize(("row", "expected"), [(None, LATER), (2_500_000_000, {"N": "2500000000"})])
def test_an_end_stays_unless_the_row_has_one(row: int | None, expected: object) -> None:
    """An empty cell makes nothing live longer that was to end."""
    merged = merge(_item(claims={"M": {}}, expires_at=LATER), _row(row, a="1"))
    assert expected == merged["expires_at"]


def test_values_that_entra_does_not_take_stay() -> None:
    """What was put in by hand is not guessed at, nor lost."""
    merged = merge(_item(claims={"M": {"a": {"N": "1"}}}), _row(b="2"))
    assert {"M": {"a": {"N": "1"}, "b": {"S": "2"}}} == merged["claims"]


def test_both_together_are_too_large() -> None:
    """Each within 3 KB, together over: refused with the size."""
    item = _item(claims={"M": {"a": {"S": "x" * 2000}}})
    with pytest.raises(
        CannotMerge,
        match="3074 bytes after merging with the existing item; Entra accepts at most 3072 bytes",
    ):
        merge(item, _row(b="y" * 1072))


def test_the_last_byte_counts() -> None:
    """3072 bytes are taken, 3073 are not."""
    item = _item(claims={"M": {"a": {"S": "x" * 2000}}})
    assert "b" in merge(item, _row(b="y" * 1070))["claims"]["M"]
    with pytest.raises(CannotMerge, match="3073 bytes"):
        merge(item, _row(b="y" * 1071))


@pytest.mark.parametrize(
    "attributes", [{"claims": {"S": "x"}}, {"claims": {"M": {}}, "hidden_claims": {"S": "x"}}]
)
def test_an_item_that_cannot_be_read(attributes: dict[str, Any]) -> None:
    """It is not known what it says, so nothing is made of it; `replace` is the way."""
    with pytest.raises(CannotMerge, match=r"is invalid .* --on-existing replace"):
        merge(_item(**attributes), _row(a="1"))


names = st.sampled_from(["a", "b", "c", "d"])
values: st.SearchStrategy[Any] = st.sampled_from(["", "1", "2", ["1"], [], ["1", "2"]])
attributes = st.sampled_from(
    [{"S": "1"}, {"S": ""}, {"L": [{"S": "2"}]}, {"SS": ["1"]}, {"N": "1"}, {"NULL": True}]
)
rows = st.builds(
    Record,
    st.just(TENANT), st.none(), st.none(), st.none() | st.just(2_500_000_000),
    st.dictionaries(names, values), st.lists(names, unique=True).map(tuple),
)  # fmt: skip
items = st.fixed_dictionaries(
    {"claims": st.fixed_dictionaries({"M": st.dictionaries(names, attributes)})},
    optional={
        "hidden_claims": st.lists(names, unique=True).map(
            lambda found: {"L": [{"S": name} for name in found]}
        )
        | st.sets(names, min_size=1).map(lambda found: {"SS": sorted(found)}),
        "expires_at": st.just(LATER),
    },
).map(lambda found: KEY | found)


@given(items, rows)
def test_merged_again_it_stays(item: dict[str, Any], row: Record) -> None:
    """A row may be written twice, as after a crash."""
    once = merge(item, row)
    assert once == merge(once, row)


@given(items, rows)
def test_the_function_sees_the_row_over_the_item(item: dict[str, Any], row: Record) -> None:
    """The function answers with the row's claims, and with the item's where the row has none."""
    was, wants = read_item(item, NOW), read_item(row.to_item(), NOW)
    got = read_item(merge(item, row), NOW)
    assert was is not None
    assert wants is not None
    assert got is not None
    spoken = {*wants.claims, *wants.hidden}
    assert {n: v for n, v in was.claims.items() if n not in spoken} | dict(
        wants.claims
    ) == got.claims
    assert wants.hidden <= got.hidden
    assert {name for name in was.hidden if name not in spoken} <= got.hidden


def test_expired_is_what_the_function_takes_for_expired() -> None:
    """Past its end, or with an end that is none, whether or not it can be read."""
    past = {"N": "1999999999"}
    assert is_expired(_item(claims={"M": {}}, expires_at=past), NOW)
    assert is_expired(_item(claims={"S": "x"}, expires_at={"S": "soon"}), NOW)
    assert not is_expired(_item(claims={"S": "x"}), NOW)
    assert not is_expired(_item(claims={"M": {}}, expires_at=LATER), NOW)


@pytest.mark.parametrize("mode", [OnExisting.MERGE, OnExisting.SKIP, OnExisting.FAIL])
def test_what_is_expired_is_no_obstacle(mode: OnExisting) -> None:
    """An item past its end that DynamoDB has not deleted yet is replaced, never revived."""
    found = _item(claims={"M": {"admin": {"S": "1"}}}, expires_at={"N": "1999999999"})
    write = decide(mode, _row(a="1"), found, NOW)
    assert isinstance(write, Write)
    assert ("put_item", {"M": {"a": {"S": "1"}}}) == (
        write.operation, write.parameters["Item"]["claims"]
    )  # fmt: skip
    assert ":old2" in write.parameters["ConditionExpression"]


@pytest.mark.parametrize("mode", [OnExisting.MERGE, OnExisting.SKIP, OnExisting.FAIL])
def test_what_is_as_the_row_wants_it_is_left_alone(mode: OnExisting) -> None:
    """Nobody's conflict, and no write."""
    assert NoWrite.UNCHANGED is decide(mode, _row(a="1"), _row(a="1").to_item(), NOW)


def test_what_each_mode_makes_of_an_item() -> None:
    """`skip` leaves it, `fail` rejects the row, `merge` writes both."""
    found, row = _row(a="1").to_item(), _row(b="2")
    assert NoWrite.SKIPPED is decide(OnExisting.SKIP, row, found, NOW)
    assert isinstance(decide(OnExisting.FAIL, row, found, NOW), Reject)
    assert isinstance(decide(OnExisting.MERGE, row, found, NOW), Write)
    assert NoWrite.UNCHANGED is decide(OnExisting.MERGE, row, _row(a="1", b="2").to_item(), NOW)
    too_large = _row(a="x" * 3072).to_item()
    assert isinstance(decide(OnExisting.MERGE, row, too_large, NOW), Reject)
