"""What Entra expects: the body of an answer.

Source: Entra's reference of the custom claims provider. ``claims`` contains only strings and lists
of strings, and must be present even if empty (null is error 1003007).
"""

from typing import Any, Final

from claims_provider.contract.discriminators import PROVIDE_CLAIMS_ACTION_TYPE, RESPONSE_DATA_TYPE

API_VERSION: Final = "1.0.0"
"""The value of the optional echo claim ``apiVersion``: the version of the answer's format."""

ClaimValue = str | list[str]
Claims = dict[str, ClaimValue]


def answer_body(claims: Claims) -> dict[str, Any]:
    """Return the only body that Entra accepts: exactly one action, which provides `claims`."""
    return {
        "data": {
            "@odata.type": RESPONSE_DATA_TYPE,
            "actions": [{"@odata.type": PROVIDE_CLAIMS_ACTION_TYPE, "claims": claims}],
        }
    }


def claims_bytes(claims: Claims) -> int:
    """Return the size of `claims` for Entra's limit of 3 KB: all keys and values in UTF-8."""
    total = 0
    for name, value in claims.items():
        total += len(name.encode("utf-8"))
        for part in (value,) if isinstance(value, str) else value:
            total += len(part.encode("utf-8"))
    return total
