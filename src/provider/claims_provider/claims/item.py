"""One item of the table → one layer of claims.

An item has, beside its key, ``claims`` (Map of String, List of String or String Set),
``hidden_claims`` (List of String or String Set: claims that lower layers must not show) and
``expires_at`` (Number, epoch seconds). What becomes of a value Entra cannot take is decided here:

================================================= ================================================
stored                                            fate
================================================= ================================================
String, List of String                            goes out as it is
String Set                                        goes out as a sorted list
empty String, empty List                          no claim, and lower layers' value is hidden
Number, Boolean, Null, Map, Binary, other sets,   withheld: no claim, lower layers' value is hidden,
a List with anything but Strings                  counted in log and metric. Never guessed at
a claim without a name, text that is no Unicode   withheld likewise
``claims`` or ``hidden_claims`` of another type   the item is unreadable: a store failure
``expires_at`` past, of another type, or beyond   the item is gone
the year 5138 (milliseconds taken for seconds)
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
"""An item as DynamoDB's low-level API gives it: attribute name → ``{"S": "…"}``."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one item says: claims to give, and claims that lower layers must not show."""

    claims: Mapping[str, ClaimValue] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    withheld: int = 0
    """How many claims were stored in a form that Entra does not take."""


def read_item(item: Item, now: float) -> Layer | None:
    """The layer that `item` holds, ``None`` when it is past its ``expires_at``.

    `now` is in epoch seconds. Raises `StoreFailure` for an item that cannot be read: what it was
    meant to override must not show in its place.
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
    """Whether `value` is a string that UTF-8 can carry (a lone surrogate is not)."""
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
