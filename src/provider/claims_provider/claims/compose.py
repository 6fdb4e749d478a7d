"""Compose the layers of claims from items to the claims that are sent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from claims_provider.claims.item import Item, Layer, read_item
from claims_provider.claims.key import LayerKey, LayerRequest
from claims_provider.contract.answer import Claims, ClaimValue, claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX
from claims_provider.errors import CalloutError, ErrorCode


@dataclass(frozen=True, slots=True)
class Composition:
    """Claims that Entra accepts: strings and lists of strings, named, within 3 KB."""

    claims: Claims
    size: int
    """The size for Entra's limit of 3 KB."""
    layers: int
    withheld: int


def read_layers(
    requests: Iterable[LayerRequest],
    items: Mapping[LayerKey, Item],
    address_key_claims: frozenset[str],
    now: float,
) -> list[Layer]:
    """Return the layers in `items` for `requests`, in their order, without expired ones.

    Items found by address provide and hide `address_key_claims` only, or all claims if it is empty.
    `now` is in epoch seconds. Raises `StoreFailure` for an item that cannot be read.
    """
    layers = []
    for request in requests:
        item = items.get(request.key)
        layer = None if item is None else read_item(item, now)
        if layer is not None:
            names = address_key_claims if request.by_address else frozenset()
            layers.append(restrict(layer, names))
    return layers


def restrict(layer: Layer, names: frozenset[str]) -> Layer:
    """Return `layer` limited to the named claims; no names means all claims."""
    if not names:
        return layer
    claims = {name: value for name, value in layer.claims.items() if name in names}
    return Layer(claims, layer.hidden & names, layer.withheld)


def compose(layers: Iterable[Layer], echo: Mapping[str, ClaimValue]) -> Composition:
    """Compose `layers`, lowest precedence first, and add `echo` last.

    A layer first hides, then provides, so it provides a claim that is in both lists.

    Raises `CalloutError` if the claims exceed Entra's 3 KB: Entra would reject them (1003025), and
    silently removing some would be worse.
    """
    claims: Claims = {}
    count = withheld = 0
    for layer in layers:
        for name in layer.hidden:
            claims.pop(name, None)
        claims.update(layer.claims)
        withheld += layer.withheld
        count += 1
    claims.update(echo)
    size = claims_bytes(claims)
    if size > CLAIMS_BYTES_MAX:
        raise CalloutError(
            ErrorCode.CLAIMS_TOO_LARGE,
            evidence={"claims_bytes": size, "claims_bytes_max": CLAIMS_BYTES_MAX},
        )
    return Composition(claims, size, count, withheld)
