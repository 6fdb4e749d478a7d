"""Which of the answered claims would be in a token, under which names, and which not, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from claimsctl.entra.mapping_policy import MappedClaim
from claimsctl.entra.restricted_claims import is_restricted_jwt_name, is_restricted_saml_name


class Fate(StrEnum):
    """What becomes of one claim."""

    EMITTED = "emitted"
    NOT_MAPPED = "not-mapped"
    CASE_DIFFERS = "case-differs"
    RESTRICTED = "restricted"
    NO_NAME = "no-name"
    """The policy's entry has no name for this kind of token."""
    NOT_ANSWERED = "not-answered"
    """The policy takes it, and the endpoint does not answer it."""


@dataclass(frozen=True, slots=True)
class PreviewedClaim:
    """One claim's fate; `token_name` where the policy has one, `value` where it was answered."""

    id: str
    fate: Fate
    token_name: str | None = None
    value: Any = None
    hint: str = ""


def preview(
    claims: Mapping[str, Any], policy: Sequence[MappedClaim], *, saml: bool
) -> tuple[PreviewedClaim, ...]:
    """What of `claims` a token (or with `saml` an assertion) would hold under `policy`.

    Ids are compared letter for letter, as Entra does. Answered claims come first, in their order.
    """
    by_id: dict[str, list[MappedClaim]] = {}
    for entry in policy:
        by_id.setdefault(entry.id, []).append(entry)
    found = [
        previewed
        for id_, value in claims.items()
        for previewed in _answered(id_, value, by_id, saml=saml)
    ]
    # What differs in case alone is told with the claim that was answered.
    missing = [
        PreviewedClaim(id_, Fate.NOT_ANSWERED)
        for id_ in by_id
        if id_ not in claims and not _other_case(id_, claims)
    ]
    return (*found, *missing)


def _answered(
    id_: str, value: Any, by_id: Mapping[str, Sequence[MappedClaim]], *, saml: bool
) -> list[PreviewedClaim]:
    if id_ not in by_id:
        other = _other_case(id_, by_id)
        fate = Fate.CASE_DIFFERS if other else Fate.NOT_MAPPED
        return [PreviewedClaim(id_, fate, None, value, other)]
    is_restricted = is_restricted_saml_name if saml else is_restricted_jwt_name
    previewed = []
    for entry in by_id[id_]:
        name = entry.saml_name if saml else entry.jwt_name
        if name is None:
            fate = Fate.NO_NAME
        else:
            fate = Fate.RESTRICTED if is_restricted(name) else Fate.EMITTED
        previewed.append(PreviewedClaim(id_, fate, name, value))
    return previewed


def _other_case(id_: str, names: Mapping[str, Any]) -> str:
    """A name that differs from `id_` in case alone; empty for none."""
    return next((name for name in names if name.casefold() == id_.casefold()), "")
