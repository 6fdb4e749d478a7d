"""A row and the item that is there → the item that has both."""

from typing import Any

from claims_provider.claims.item import CLAIMS, EXPIRES_AT, HIDDEN_CLAIMS, Item, read_item
from claims_provider.contract.answer import Claims, claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX
from claims_provider.errors import StoreFailure

from claimsctl.dataset.record import Record


class CannotMerge(Exception):  # noqa: N818  # a finding about a row
    """Why the two do not go together."""


def is_gone(item: Item, now: float) -> bool:
    """Whether the function would take `item` for none at `now`, in epoch seconds."""
    try:
        return read_item(item, now) is None
    except StoreFailure:
        return False


def merge(item: Item, record: Record) -> dict[str, Any]:
    """`item`, which is not gone, with what `record` says; merged again it stays the same.

    What the row says of a claim, be it a value or that it is hidden, counts in place of what the
    item says of it; what only the item says stays, its end included where the row gives none.

    Raises `CannotMerge` for an item that cannot be read, and for claims over Entra's 3 KB.
    """
    try:
        _claims_of(item)
    except StoreFailure as failure:
        message = (
            f"the item in the table cannot be read (its {failure.evidence.get('attribute')}); "
            f"--on-existing replace puts the row in its place"
        )
        raise CannotMerge(message) from None
    row = record.to_item()
    given, hidden = row[CLAIMS]["M"], record.hidden
    there = item.get(CLAIMS, {"M": {}})["M"]
    stay = {name: value for name, value in there.items() if name not in hidden}
    merged = {**item, CLAIMS: {"M": stay | given}}
    _merge_hidden(merged, record)
    if EXPIRES_AT in row:
        merged[EXPIRES_AT] = row[EXPIRES_AT]
    if (size := claims_bytes(_claims_of(merged))) > CLAIMS_BYTES_MAX:
        message = (
            f"with the claims that the table has for it already, {size} bytes; "
            f"Entra takes at most {CLAIMS_BYTES_MAX} in one answer"
        )
        raise CannotMerge(message)
    return merged


def _claims_of(item: Item) -> Claims:
    """What `item` gives, whenever its end may be. Raises `StoreFailure` when it cannot be read."""
    layer = read_item({name: item[name] for name in item if name != EXPIRES_AT}, 0)
    return {} if layer is None else dict(layer.claims)


def _merge_hidden(merged: dict[str, Any], record: Record) -> None:
    there = _names(merged.get(HIDDEN_CLAIMS, {"L": []}))
    stay = [name for name in there if name not in record.claims or name in record.hidden]
    names = [*stay, *(name for name in record.hidden if name not in stay)]
    if names == there:
        return
    if names:
        merged[HIDDEN_CLAIMS] = {"L": [{"S": name} for name in names]}
    else:
        merged.pop(HIDDEN_CLAIMS, None)


def _names(attribute: Any) -> list[str]:
    match attribute:
        case {"SS": members}:
            return sorted(members)
        case _:
            return [member["S"] for member in attribute["L"]]
