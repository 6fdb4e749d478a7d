"""What Entra expects: the body of an answer.

Source: Entra's reference of the custom claims provider. ``claims`` holds strings and lists of
strings only, and must be present even when empty (null is error 1003007).
"""

from typing import Any, Final

from claims_provider.contract.discriminators import PROVIDE_CLAIMS_ACTION_TYPE, RESPONSE_DATA_TYPE

API_VERSION: Final = "1.0.0"
"""What the optional echo claim ``apiVersion`` says: the version of this answer's shape."""

ClaimValue = str | list[str]
Claims = dict[str, ClaimValue]


def answer_body(claims: Claims) -> dict[str, Any]:
    """The one body Entra accepts: exactly one action, which provides `claims`."""
    return {
        "data": {
            "@odata.type": RESPONSE_DATA_TYPE,
            "actions": [{"@odata.type": PROVIDE_CLAIMS_ACTION_TYPE, "claims": claims}],
        }
    }


def claims_bytes(claims: Claims) -> int:
    """Bytes of `claims` as counted against Entra's 3 KB: UTF-8, all keys and all values."""
    total = 0
    for name, value in claims.items():
        total += len(name.encode("utf-8"))
        for part in (value,) if isinstance(value, str) else value:
            total += len(part.encode("utf-8"))
    return total
