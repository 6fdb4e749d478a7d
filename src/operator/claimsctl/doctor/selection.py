"""Which checks run: all, or some and what they stand on; which findings are left out."""

from collections.abc import Collection, Iterable, Sequence

from claimsctl.catalogue.entry import Kind, entries
from claimsctl.doctor.check import Check
from claimsctl.errors import OperatorError


def chosen_checks(checks: Sequence[Check], prefixes: Collection[str]) -> tuple[Check, ...]:
    """The checks that make a finding whose id begins as one of `prefixes`, and those they need.

    All of them without prefixes. Raises `OperatorError` for a prefix of none.
    """
    if not prefixes:
        return tuple(checks)
    ids = [id_ for check in checks for id_ in check.ids]
    begins = tuple(_known("--select", prefix, ids) for prefix in prefixes)
    wanted = {id_ for id_ in ids if id_.startswith(begins)}
    chosen: list[Check] = []
    for check in reversed(checks):
        if wanted & {*check.ids}:
            chosen.append(check)
            wanted |= {*check.needs, *check.blocked_by}
    return tuple(reversed(chosen))


def known_prefixes(prefixes: Collection[str]) -> tuple[str, ...]:
    """How the ids to leave out begin. Raises `OperatorError` for a prefix of no finding."""
    ids = [entry.id for entry in entries().values() if entry.kind is Kind.FINDING]
    return tuple(_known("--ignore", prefix, ids) for prefix in prefixes)


def _known(option: str, prefix: str, ids: Iterable[str]) -> str:
    wanted = prefix.strip().upper()
    if wanted and any(id_.startswith(wanted) for id_ in ids):
        return wanted
    kinds = ", ".join(dict.fromkeys(id_.rstrip("0123456789") for id_ in ids))
    message = f"{option} {prefix}: no finding's id begins so; they begin with {kinds}"
    raise OperatorError(message)
