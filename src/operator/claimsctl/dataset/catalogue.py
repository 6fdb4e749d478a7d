"""``claims.toml``: which claims there are, and what each may hold. Strict where it is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from claims_provider.contract.answer import ClaimValue

from claimsctl.dataset.columns import HIDDEN_CLAIMS
from claimsctl.dataset.problem import FieldProblem, shown
from claimsctl.entra.mapping_policy import MappedClaim

_NAMES_SHOWN = 10


class ClaimType(StrEnum):
    """What a claim's value is."""

    STRING = "string"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """One claim of the catalogue."""

    name: str
    """As rows and the provider's answer name it; Entra's ``ID``."""
    type: ClaimType
    apps: frozenset[str] = frozenset()
    """Canonical ids of the apps that it is for; none: every app."""
    values: tuple[str, ...] = ()
    """What a string, or each item of a list, may be; none: anything."""
    token_name: str = ""
    """What the token calls it (``JwtClaimType``)."""

    def check_value(self, value: ClaimValue) -> ClaimValue:
        """`value`, which this claim may have. Raises `FieldProblem`."""
        if isinstance(value, list) != (self.type is ClaimType.LIST):
            kind = "a list" if self.type is ClaimType.LIST else "a string"
            message = f"expected {kind}, as the catalogue says, found {shown(value)}"
            raise FieldProblem(self.name, message)
        for part in value if isinstance(value, list) else (value,):
            if self.values and part not in self.values:
                expected = _listed(self.values)
                message = f"the catalogue allows {expected}; found {shown(part)}"
                raise FieldProblem(self.name, message)
        return value

    def check_app(self, app_id: str | None) -> None:
        """Raise `FieldProblem` when this claim is not for `app_id`.

        A row of every app may give it: the other apps' policies do not name it.
        """
        if self.apps and app_id is not None and app_id not in self.apps:
            expected = _listed(tuple(sorted(self.apps)))
            message = f"the catalogue has this claim for {expected}; the row is of app {app_id}"
            raise FieldProblem(self.name, message)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The claims there are, by name."""

    claims: Mapping[str, ClaimRule]

    def rule(self, name: str) -> ClaimRule:
        """The rule of the claim `name`. Raises `FieldProblem` when there is no such claim."""
        if (rule := self.claims.get(name)) is None:
            message = f"no claim of the catalogue, which has {_listed(tuple(self.claims))}"
            raise FieldProblem(name, message)
        return rule

    def check_hidden(self, names: tuple[str, ...]) -> None:
        """Raise `FieldProblem` for a name that would hide nothing."""
        for name in names:
            if name not in self.claims:
                message = (
                    f"{shown(name)} is no claim of the catalogue, which has "
                    f"{_listed(tuple(self.claims))}"
                )
                raise FieldProblem(HIDDEN_CLAIMS, message)


def mapped_by(catalogue: Catalogue, app_id: str | None) -> tuple[MappedClaim, ...]:
    """What a policy that is made of `catalogue` takes into the tokens for the app `app_id`."""
    return tuple(
        MappedClaim(rule.name, rule.token_name)
        for rule in catalogue.claims.values()
        if not rule.apps or app_id in rule.apps
    )


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
