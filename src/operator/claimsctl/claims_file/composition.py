"""Whether the layers that a callout would lay over one another stay within Entra's 3 KB."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from claims_provider.claims.compose import compose
from claims_provider.claims.item import Layer
from claims_provider.contract.answer import claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX
from claims_provider.errors import CalloutError

from claimsctl.claims_file.problem import WHOLE_ROW, Problem
from claimsctl.claims_file.staging import PlacedLayer

Layers = Mapping[str | None, PlacedLayer]
"""By app (``None``: every app)."""


class Composer:
    """Lays layers over one another as the function does.

    A row that is a problem counts no more: the rows that are left fit together, in every app.
    """

    def __init__(self, tenant_layers: Callable[[str], Layers]) -> None:
        """`tenant_layers`: a tenant's own layers."""
        self._layers_of = lru_cache(maxsize=256)(tenant_layers)
        self._problems_of = lru_cache(maxsize=256)(self._tenant_problems)

    def tenants_too_large(self, sizes: Iterable[tuple[str, int]]) -> Iterator[Problem]:
        """Tenants' own rows that are too large together, whoever signs in.

        `sizes`: each tenant, and the most that its layers can have together.
        """
        for tenant, size in sizes:
            if size > CLAIMS_BYTES_MAX:
                yield from self._problems_of(tenant)

    def user_too_large(self, tenant: str, rows: Layers) -> Iterator[Problem]:
        """The rows of one user that are too large with what they are laid over, each once."""
        bad_rows = {problem.row for problem in self._problems_of(tenant)}
        layers = {
            app: placed
            for app, placed in self._layers_of(tenant).items()
            if placed.row not in bad_rows
        }
        own = dict(rows)
        while (problem := _user_problem(layers, own)) is not None:
            yield problem
            own = {app: placed for app, placed in own.items() if placed.row != problem.row}

    def _tenant_problems(self, tenant: str) -> Sequence[Problem]:
        layers = dict(self._layers_of(tenant))
        problems = []
        for app in list(layers):
            met = _met(layers, app)
            size = _size_over_limit([placed.layer for placed in met])
            rows = [placed for placed in met if placed.row]
            if size is not None and rows:
                bad = rows[-1]
                message = _message(size, app, [placed for placed in met if placed is not bad])
                problems.append(Problem(bad.row, bad.line, WHOLE_ROW, message))
                layers = {a: placed for a, placed in layers.items() if placed is not bad}
        return problems


def _user_problem(layers: Layers, own: Layers) -> Problem | None:
    """The first row of a user that is too large with what it is laid over."""
    for app in dict.fromkeys([None, *layers, *own]):
        below, above = _met(layers, app), _met(own, app)
        if above:
            size = _size_over_limit([placed.layer for placed in (*below, *above)])
            if size is not None:
                message = _message(size, app, [*below, *above[:-1]])
                return Problem(above[-1].row, above[-1].line, WHOLE_ROW, message)
    return None


def _met(layers: Layers, app: str | None) -> list[PlacedLayer]:
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


def _message(size: int, app: str | None, others: Sequence[PlacedLayer]) -> str:
    lines = [f"line {other.line}" if other.row else "the table" for other in others]
    together = f" together with those of {' and '.join(lines)}" if lines else ""
    where = "every app" if app is None else f"app {app}"
    return (
        f"the row's claims{together} come to {size} bytes in {where}; "
        f"Entra takes at most {CLAIMS_BYTES_MAX} in one answer"
    )
