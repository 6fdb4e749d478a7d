"""Items → layers of claims → the one set of claims that goes out."""

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
    """Bytes as counted against Entra's 3 KB."""
    layers: int
    withheld: int


def read_layers(
    requests: Iterable[LayerRequest],
    items: Mapping[LayerKey, Item],
    address_key_claims: frozenset[str],
    now: float,
) -> list[Layer]:
    """The layers that `items` hold for `requests`, in their order, expired ones left out.

    Items found by address give and hide `address_key_claims` only, all claims if that is empty.
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
    """`layer`, able to give and to hide the named claims only; no names means all claims."""
    if not names:
        return layer
    claims = {name: value for name, value in layer.claims.items() if name in names}
    return Layer(claims, layer.hidden & names, layer.withheld)


def compose(layers: Iterable[Layer], echo: Mapping[str, ClaimValue]) -> Composition:
    """Lay `layers` over one another, lowest precedence first, then `echo` over all.

    A layer first hides, then gives: what it both hides and gives, it gives.

    Raises `CalloutError` when the claims are over Entra's 3 KB together: Entra would refuse them
    (1003025), and a cut nobody sees would be worse.
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
