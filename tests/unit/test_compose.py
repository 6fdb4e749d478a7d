"""Composing layers to the claims that are sent."""

import pytest
from claims_provider.claims.compose import compose, restrict
from claims_provider.claims.item import Layer
from claims_provider.contract.answer import claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX
from claims_provider.errors import CalloutError, ErrorCode


def test_later_layers_win_claim_by_claim() -> None:
    """A higher layer's claim replaces the lower one's; other claims stay."""
    layers = [Layer({"a": "1", "b": "1"}), Layer({"b": "2", "c": ["2"]}), Layer({"c": "3"})]
    assert {"a": "1", "b": "2", "c": "3"} == compose(layers, {}).claims


def test_a_layer_hides_what_is_below_it_only() -> None:
    """A hidden claim is absent unless the same or a higher layer provides it."""
    layers = [
        Layer({"a": "1", "b": "1", "c": "1"}),
        Layer({"b": "2"}, hidden=frozenset({"a", "b", "c"})),
        Layer({"c": "3"}),
    ]
    assert {"b": "2", "c": "3"} == compose(layers, {}).claims


def test_nothing_known_is_an_empty_set() -> None:
    """Without layers, the claims are empty, which is not an error."""
    assert ({}, 0, 0) == ((nothing := compose([], {})).claims, nothing.size, nothing.layers)


def test_an_echo_claim_wins() -> None:
    """A claim that the function adds replaces a stored one."""
    assert {"apiVersion": "1.0.0"} == compose(
        [Layer({"apiVersion": "x"})], {"apiVersion": "1.0.0"}
    ).claims


def test_withheld_claims_are_counted() -> None:
    """What was withheld in any layer shows in the sum."""
    assert 3 == compose([Layer(withheld=1), Layer(withheld=2)], {}).withheld


@pytest.mark.parametrize("value", ["x", "é", "😀"])
def test_three_kilobytes_go_out_and_not_a_byte_more(value: str) -> None:
    """Keys and values may have 3 KB in UTF-8; more is an error, and nothing is cut."""
    name = "n" * (CLAIMS_BYTES_MAX % len(value.encode()) or len(value.encode()))
    fitting = value * ((CLAIMS_BYTES_MAX - len(name)) // len(value.encode()))
    assert CLAIMS_BYTES_MAX == compose([Layer({name: fitting})], {}).size
    with pytest.raises(CalloutError) as refusal:
        compose([Layer({name: [fitting, "x"]})], {})
    assert refusal.value.code is ErrorCode.CLAIMS_TOO_LARGE


def test_echo_claims_count() -> None:
    """Echo claims are claims: they count against the 3 KB."""
    with pytest.raises(CalloutError):
        compose([Layer({"n": "x" * (CLAIMS_BYTES_MAX - 1)})], {"apiVersion": "1.0.0"})


def test_bytes_are_counted_over_lists() -> None:
    """Every value of a list counts, its brackets do not."""
    assert 2 + 1 + 2 + 1 == claims_bytes({"ab": ["c", "é"], "d": ""})


def test_a_restricted_layer_gives_and_hides_named_claims_only() -> None:
    """Items found by address can be limited to named claims, given or hidden."""
    layer = Layer({"a": "1", "b": "1"}, hidden=frozenset({"c", "d"}), withheld=1)
    assert Layer({"a": "1"}, frozenset({"d"}), 1) == restrict(layer, frozenset({"a", "d"}))


def test_no_names_restrict_nothing() -> None:
    """Without a list of names, a layer is unchanged."""
    layer = Layer({"a": "1"}, hidden=frozenset({"c"}))
    assert layer == restrict(layer, frozenset())
