"""A write's condition that an item is still as it was read."""

from collections.abc import Sequence
from typing import Any

from claims_provider.claims.item import CLAIMS, EXPIRES_AT, HIDDEN_CLAIMS, PARTITION_KEY, Item

SPOKEN_OF = (CLAIMS, HIDDEN_CLAIMS, EXPIRES_AT)
"""Attributes that a row speaks of; others of an item stay as they are."""


def still(found: Item, attributes: Sequence[str] = SPOKEN_OF) -> dict[str, Any]:
    """Parameters of a write that is done only while `attributes` are as `found` has, or lacks them.

    The attribute of place n is `#n` in them.
    """
    values, conditions = {}, [f"attribute_exists({PARTITION_KEY})"]
    for place, attribute in enumerate(attributes):
        if attribute in found:
            conditions.append(f"#{place} = :old{place}")
            values[f":old{place}"] = found[attribute]
        else:
            conditions.append(f"attribute_not_exists(#{place})")
    parameters: dict[str, Any] = {
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": {f"#{place}": name for place, name in enumerate(attributes)},
    }
    if values:
        parameters["ExpressionAttributeValues"] = values
    return parameters
