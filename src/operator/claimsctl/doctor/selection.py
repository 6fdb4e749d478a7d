"""Which checks run: all, or some and what they stand on."""

from collections.abc import Collection, Sequence

from claimsctl.doctor.check import Check
from claimsctl.errors import OperatorError


def chosen_checks(checks: Sequence[Check], prefixes: Collection[str]) -> tuple[Check, ...]:
    """The checks that make a finding whose id begins as one of `prefixes`, and those they need.

    All of them without prefixes. Raises `OperatorError` for a prefix of none.
    """
    if not prefixes:
        return tuple(checks)
    ids = [id_ for check in checks for id_ in check.ids]
    for prefix in prefixes:
        if not any(id_.startswith(prefix.upper()) for id_ in ids):
            message = f"--select {prefix}: no finding is called so; claimsctl explain has the list"
            raise OperatorError(message)
    wanted = {id_ for id_ in ids if id_.startswith(tuple(prefix.upper() for prefix in prefixes))}
    chosen: list[Check] = []
    for check in reversed(checks):
        if wanted & {*check.ids}:
            chosen.append(check)
            wanted |= {*check.needs, *check.blocked_by}
    return tuple(reversed(chosen))
