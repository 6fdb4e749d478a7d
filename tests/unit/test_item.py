"""Converting an item of the table to a layer of claims."""

from typing import Any

import pytest
from claims_provider.claims.item import Layer, read_item
from claims_provider.contract.limits import EXPIRES_AT_MAX
from claims_provider.errors import StoreFailure, StoreFailureReason

NOW = 1_800_000_000.0
STRING = {"S": "a"}


def _layer(**attributes: Any) -> Layer:
    layer = read_item(attributes, NOW)
    assert layer is not None
    return layer


@pytest.mark.parametrize(
    ("stored", "claim"),
    [
        ({"S": "a"}, "a"),
        ({"S": "é\u0000\U0001f600"}, "é\u0000\U0001f600"),
        ({"L": [{"S": "b"}, {"S": "a"}]}, ["b", "a"]),
        ({"L": [{"S": ""}]}, [""]),
        ({"SS": ["b", "a"]}, ["a", "b"]),
    ],
)
def test_what_entra_takes_goes_out(stored: dict[str, Any], claim: object) -> None:
    """Strings and lists of strings go out as they are, sets as sorted lists."""
    assert Layer({"name": claim}) == _layer(claims={"M": {"name": stored}})  # type: ignore[dict-item]


@pytest.mark.parametrize("stored", [{"S": ""}, {"L": []}], ids=["string", "list"])
def test_an_empty_value_hides(stored: dict[str, Any]) -> None:
    """An empty value is no claim, and no lower layer's value shows in its place."""
    assert Layer({}, frozenset({"name"})) == _layer(claims={"M": {"name": stored}})


@pytest.mark.parametrize(
    "stored",
    [
        {"N": "7"}, {"BOOL": True}, {"NULL": True}, {"M": {}}, {"B": b"x"}, {"NS": ["7"]},
        {"BS": [b"x"]},
        {"L": [{"S": "a"}, {"N": "7"}]}, {"L": [{"L": [STRING]}]}, {"L": ["a"]}, {"L": [{"S": 7}]},
        {"S": "\ud800"}, {"SS": ["\ud800"]}, {"S": 7}, {}, "a", None,
    ],
)  # fmt: skip
def test_what_entra_cannot_take_is_withheld(stored: Any) -> None:
    """A value Entra cannot take is not guessed at: no claim, nothing in its place, and counted."""
    layer = _layer(claims={"M": {"name": stored, "good": STRING}})
    assert Layer({"good": "a"}, frozenset({"name"}), 1) == layer


@pytest.mark.parametrize("name", ["", " ", "\t\n", "\ud800"])
def test_a_claim_without_a_name_is_withheld(name: str) -> None:
    """A claim key that is empty or no Unicode is error 1003026 or worse, so it never goes out."""
    assert (1, {}) == ((layer := _layer(claims={"M": {name: STRING}})).withheld, layer.claims)


@pytest.mark.parametrize("hidden", [{"L": [STRING]}, {"SS": ["a"]}])
def test_claims_can_be_hidden(hidden: dict[str, Any]) -> None:
    """An item may hide claims of lower layers without giving any."""
    assert Layer({}, frozenset({"a"})) == _layer(hidden_claims=hidden)


@pytest.mark.parametrize("attribute", ["claims", "hidden_claims"])
@pytest.mark.parametrize(
    "stored", [{"S": "a"}, {"N": "7"}, {"L": [{"N": "7"}]}, {"NULL": True}, "x"]
)
def test_an_item_that_cannot_be_read_is_a_store_failure(attribute: str, stored: Any) -> None:
    """An unreadable item is an error, so that the values that it overrides are not sent."""
    if attribute == "claims" and stored == "x":
        stored = {"M": "x"}
    with pytest.raises(StoreFailure) as failure:
        read_item({attribute: stored}, NOW)
    assert failure.value.reason is StoreFailureReason.UNREADABLE_ITEM


@pytest.mark.parametrize("moment", [NOW + 1, NOW + 0.5, EXPIRES_AT_MAX])
def test_an_item_counts_until_it_expires(moment: float) -> None:
    """An item counts as long as its expires_at lies ahead."""
    assert {"a": "a"} == _layer(claims={"M": {"a": STRING}}, expires_at={"N": str(moment)}).claims


@pytest.mark.parametrize(
    "expires_at",
    [
        {"N": str(NOW)}, {"N": str(NOW - 1)}, {"N": "0"}, {"N": "-1"}, {"N": "1E+120"}, {"N": "x"},
        {"N": "nan"}, {"N": str(EXPIRES_AT_MAX + 1)}, {"N": "1800000001000"}, {"S": "1900000000"},
        {"S": "2099-01-01"}, {"NULL": True}, {"N": 1}, None,
    ],
)  # fmt: skip
def test_an_item_past_its_time_is_gone(expires_at: Any) -> None:
    """An item is ignored from its expiry on, before DynamoDB deletes it; so is a wrong type."""
    assert read_item({"claims": {"M": {"a": STRING}}, "expires_at": expires_at}, NOW) is None


def test_an_expired_item_need_not_be_readable() -> None:
    """An expired item cannot fail a sign-in."""
    assert read_item({"claims": {"S": "x"}, "expires_at": {"N": "1"}}, NOW) is None


def test_an_item_without_claims_says_nothing() -> None:
    """An item with nothing but its key gives and hides nothing."""
    assert Layer() == _layer(pk=STRING, sk=STRING)
