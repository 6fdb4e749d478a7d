"""Whether the layers that a callout would lay over one another stay within Entra's 3 KB."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from claims_provider.claims.compose import compose
from claims_provider.claims.item import Layer
from claims_provider.contract.answer import claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX
from claims_provider.errors import CalloutError

from claimsctl.claims_file.problem import Problem
from claimsctl.claims_file.tenants import TenantLayer, Tenants

_AnyLayer = TypeVar("_AnyLayer")


@dataclass(frozen=True, slots=True)
class RowLayer:
    """The layer of a user's row."""

    row: int
    line: int
    layer: Layer


class Composer:
    """Lays layers over one another as the function does.

    A row that is told counts no more: the rows that are left fit together, in every app.
    """

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants
        self._told = lru_cache(maxsize=256)(self._tenant_told)

    def tenants_too_large(self) -> Iterator[Problem]:
        """Tenants' own rows that are too large together, for whoever signs in."""
        for tenant, bound in self._tenants.bounds():
            if bound > CLAIMS_BYTES_MAX:
                yield from self._told(tenant)

    def user_too_large(self, tenant: str, rows: Mapping[str | None, RowLayer]) -> Iterator[Problem]:
        """The rows of one user that are too large with what they are laid over, each once.

        `rows`: by app (``None``: every app).
        """
        told = {problem.row for problem in self._told(tenant)}
        layers = {
            app: layer
            for app, layer in self._tenants.layers_of(tenant).items()
            if layer.row not in told
        }
        own = dict(rows)
        while (problem := _user_problem(layers, own)) is not None:
            yield problem
            own = {app: row for app, row in own.items() if row.row != problem.row}

    def _tenant_told(self, tenant: str) -> Sequence[Problem]:
        layers = dict(self._tenants.layers_of(tenant))
        problems = []
        for app in list(layers):
            met = _met(layers, app)
            size = _size_over_limit([layer.layer for layer in met])
            mine = [layer for layer in met if layer.row]
            if size is not None and mine:
                others = [layer for layer in met if layer is not mine[-1]]
                message = _message(size, app, others)
                problems.append(Problem(mine[-1].row, mine[-1].line, "", message))
                layers = {a: layer for a, layer in layers.items() if layer is not mine[-1]}
        return problems


def _user_problem(
    layers: Mapping[str | None, TenantLayer], own: Mapping[str | None, RowLayer]
) -> Problem | None:
    """The first row of a user that is too large with what it is laid over."""
    for app in dict.fromkeys([None, *layers, *own]):
        below, above = _met(layers, app), _met(own, app)
        if above:
            size = _size_over_limit([*(b.layer for b in below), *(a.layer for a in above)])
            if size is not None:
                message = _message(size, app, [*below, *above[:-1]])
                return Problem(above[-1].row, above[-1].line, "", message)
    return None


def _met(layers: Mapping[str | None, _AnyLayer], app: str | None) -> list[_AnyLayer]:
    """The layers that a callout of `app` meets, lowest precedence first."""
    return [layers[a] for a in dict.fromkeys((None, app)) if a in layers]


def _size_over_limit(layers: Sequence[Layer]) -> int | None:
    if sum(claims_bytes(dict(layer.claims)) for layer in layers) <= CLAIMS_BYTES_MAX:
        return None
    try:
        compose(layers, {})
    except CalloutError as error:
        return int(error.evidence["claims_bytes"])
    return None


def _message(size: int, app: str | None, others: Sequence[TenantLayer | RowLayer]) -> str:
    lines = [f"line {other.line}" if other.row else "the table" for other in others]
    together = f" together with those of {' and '.join(lines)}" if lines else ""
    where = "every app" if app is None else f"app {app}"
    return (
        f"the row's claims{together} come to {size} bytes in {where}; "
        f"Entra takes at most {CLAIMS_BYTES_MAX} in one answer"
    )
