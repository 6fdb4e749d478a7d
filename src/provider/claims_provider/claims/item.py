"""Convert an item of the table to a layer of claims.

In addition to its key, an item has ``claims`` (Map of String, List of String or String Set),
``hidden_claims`` (List of String or String Set: claims of lower layers to hide) and ``expires_at``
(Number, epoch seconds). This module decides how to handle values that Entra does not accept:

================================================= ================================================
stored                                            result
================================================= ================================================
String, List of String                            sent unchanged
String Set                                        sent as a sorted list
empty String, empty List                          no claim, and lower layers' value is hidden
Number, Boolean, Null, Map, Binary, other sets,   withheld: no claim, lower layers' value is hidden,
a List with anything but Strings                  counted in log and metric; never converted
a claim without a name, text that is not Unicode  withheld in the same way
``claims`` or ``hidden_claims`` of another type   the item is unreadable: a store failure
``expires_at`` past, of another type, or beyond   the item counts as expired
the year 5138 (probably milliseconds)
================================================= ================================================
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from claims_provider.contract.answer import ClaimValue
from claims_provider.contract.limits import EXPIRES_AT_MAX
from claims_provider.errors import StoreFailure, StoreFailureReason

PARTITION_KEY: Final = "pk"
SORT_KEY: Final = "sk"
CLAIMS: Final = "claims"
HIDDEN_CLAIMS: Final = "hidden_claims"
EXPIRES_AT: Final = "expires_at"

Item = Mapping[str, Any]
"""An item in the format of DynamoDB's low-level API: attribute name → ``{"S": "…"}``."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The content of an item: claims to provide, and claims of lower layers to hide."""

    claims: Mapping[str, ClaimValue] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    withheld: int = 0
    """The number of claims stored in a form that Entra does not accept."""


def read_item(item: Item, now: float) -> Layer | None:
    """Return the layer in `item`, or ``None`` if its ``expires_at`` has passed.

    `now` is in epoch seconds. Raises `StoreFailure` for an item that cannot be read, because the
    values that it overrides must not be sent instead.
    """
    if EXPIRES_AT in item and not _is_current(item[EXPIRES_AT], now):
        return None
    claims: dict[str, ClaimValue] = {}
    hidden = set(_hidden_names(item.get(HIDDEN_CLAIMS, {"L": []})))
    withheld = 0
    for name, value in _claims_map(item.get(CLAIMS, {"M": {}})).items():
        claim = _claim_value(value)
        if claim is None or not _is_text(name) or not name.strip():
            withheld += 1
            hidden.add(name)
        elif not claim:
            hidden.add(name)
        else:
            claims[name] = claim
    return Layer(claims, frozenset(hidden), withheld)


def _is_current(expires_at: object, now: float) -> bool:
    match expires_at:
        case {"N": str(number)}:
            try:
                moment = float(number)
            except ValueError:
                return False
            return math.isfinite(moment) and now < moment <= EXPIRES_AT_MAX
        case _:
            return False


def _claims_map(attribute: object) -> Mapping[str, Any]:
    match attribute:
        case {"M": dict(claims)}:
            return claims
        case _:
            raise StoreFailure(StoreFailureReason.UNREADABLE_ITEM, attribute=CLAIMS)


def _hidden_names(attribute: object) -> list[str]:
    names = _claim_value(attribute)
    if isinstance(names, list):
        return names
    raise StoreFailure(StoreFailureReason.UNREADABLE_ITEM, attribute=HIDDEN_CLAIMS)


def _claim_value(attribute: object) -> ClaimValue | None:
    match attribute:
        case {"S": str(text)} if _is_text(text):
            return text
        case {"L": list(members)}:
            texts = [part["S"] for part in members if isinstance(part, dict) and "S" in part]
            if len(texts) == len(members) and all(map(_is_text, texts)):
                return texts
        case {"SS": list(members)} if all(map(_is_text, members)):
            return sorted(members)
    return None


def _is_text(value: object) -> bool:
    """Return whether `value` is a string that UTF-8 can encode, without lone surrogates."""
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
