"""Names of a row's fields: the reserved ones, their near misses, and claims'."""

import re

from claimsctl.claims_file.problem import FieldProblem, shown

TENANT_ID = "tenant_id"
USER = "user"
APP_ID = "app_id"
EXPIRES_AT = "expires_at"
HIDDEN_CLAIMS = "hidden_claims"
RESERVED = (TENANT_ID, USER, APP_ID, EXPIRES_AT, HIDDEN_CLAIMS)
"""Columns that say whose claims a row holds. Every other column is a claim."""

REJECT_REASON = "reject_reason"
"""What a file of rejected rows has beside the row; passed over on reading."""
IGNORED = frozenset({REJECT_REASON})
NO_CLAIMS = IGNORED | frozenset(RESERVED)

# Were a near miss taken for a claim, the row would be wider or live longer than meant: `appid`
# would give an app's roles in every app, `expires` would give them for ever. The table is closed
# and short, since each name in it is one that no claim can have.
_NEAR_MISSES = {
    TENANT_ID: {"tenantid", "tenant"},
    USER: {"user", "users", "userid"},
    APP_ID: {"appid", "app", "application", "applicationid", "clientid"},
    EXPIRES_AT: {"expiresat", "expires", "expireson", "expireat", "expiry", "expiration"},
    HIDDEN_CLAIMS: {"hiddenclaims", "hiddenclaim", "hidden"},
}
"""How reserved names are misspelt: without case, blanks and separators."""

_SEPARATORS = re.compile(r"[\W_]+")


def check_claim_name(name: str) -> str:
    """`name`, which can be a claim's. Raises `FieldProblem`."""
    if not name.strip():
        raise FieldProblem(name, "a claim needs a name")
    if (meant := meant_by(name)) is not None:
        raise FieldProblem(name, f"spelt {meant} where it is meant, else no name for a claim")
    if name != name.strip():
        raise FieldProblem(name, f"blanks round the name {shown(name)}; a claim has none")
    return name


def meant_by(name: str) -> str | None:
    """The reserved name that `name` is a near miss of."""
    bare = _SEPARATORS.sub("", name.casefold())
    return next((meant for meant, misses in _NEAR_MISSES.items() if bare in misses), None)


def check_hidden_name(name: str) -> str:
    """`name`, which can be that of a claim to hide. Raises `FieldProblem`.

    Claims' names have no blanks round them, so that a name with some would hide nothing.
    """
    if name != name.strip():
        raise FieldProblem(
            HIDDEN_CLAIMS, f"blanks round the name {shown(name)}, which no claim has"
        )
    return name
