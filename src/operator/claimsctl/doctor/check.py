"""What a check is: its ids, how many calls it makes, and what must have gone well before."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from claimsctl.catalogue.entry import entries
from claimsctl.doctor.patient import Patient
from claimsctl.entra.finding import Basis, Finding, Level, Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """One check of an endpoint.

    `ids` are those of the findings that it can make: each is told in every examination, as ``ok``,
    ``warn``, ``fail``, or ``skip`` with the reason.
    """

    ids: tuple[str, ...]
    run: Callable[[Patient], Iterable[Finding]]
    calls: int = 0
    """The most HTTP calls that it makes; told beforehand."""
    needs: tuple[str, ...] = ()
    """Ids of findings that must neither have failed nor been skipped before."""
    blocked_by: tuple[str, ...] = ()
    """Ids of findings that must not have failed before; skipped they may be."""


def finding(
    id_: str,
    level: Level,
    evidence: str,
    *,
    hint: str = "",
    expected: str = "",
    entra_code: int | None = None,
) -> Finding:
    """A finding of the doctor's, with the name and the link that the catalogue has for its id.

    Which Entra code a state of an endpoint leads to is our reading, not documentation's.
    """
    entry = entries()[id_]
    return Finding(
        id_,
        level,
        entry.name,
        evidence,
        hint,
        entra_code,
        Basis.CONVENTION,
        expected,
        None,
        entry.doc,
    )


def claims_in(verdict: Verdict) -> str:
    """How many claims Entra would take: ``1 claim``, ``2 claims``."""
    count = len(verdict.claims)
    return f"{count} claim" if count == 1 else f"{count} claims"
