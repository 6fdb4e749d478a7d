"""Whether the layers that a callout would lay over one another stay within Entra's 3 KB."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from claims_provider.claims.compose import compose
from claims_provider.claims.item import Layer
from claims_provider.contract.answer import claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX
from claims_provider.errors import CalloutError

from claimsctl.dataset.problem import Problem
from claimsctl.dataset.tenants import TenantLayer, Tenants


@dataclass(frozen=True, slots=True)
class RowLayer:
    """The layer of a user's row."""

    row: int
    line: int
    layer: Layer


class Composer:
    """Lays layers over one another as the function does."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants
        self._tenant_apps = lru_cache(maxsize=256)(self._apps_too_large)

    def tenants_too_large(self) -> Iterator[Problem]:
        """Tenants' own rows that are too large together, for whoever signs in."""
        for tenant, bound in self._tenants.bounds():
            if bound > CLAIMS_BYTES_MAX:
                layers = self._tenants.layers_of(tenant)
                for app, size in self._tenant_apps(tenant).items():
                    told = layers[app] if layers[app].row else layers[None]
                    if told.row:
                        others = [layers[a] for a in {None, app} if layers[a] is not told]
                        yield Problem(told.row, told.line, "", _message(size, app, others))

    def user_too_large(self, tenant: str, own: Mapping[str | None, RowLayer]) -> Iterator[Problem]:
        """The rows of one user that are too large with what they are laid over, each once.

        `own`: by app (``None``: every app). What is too large without them is told by
        `tenants_too_large`.
        """
        layers = self._tenants.layers_of(tenant)
        told = set()
        for app in dict.fromkeys([None, *own, *layers]):
            apps = [None] if app is None else [None, app]
            below = [layers[a] for a in apps if a in layers]
            above = [own[a] for a in apps if a in own]
            if not above or above[-1].row in told or app in self._tenant_apps(tenant):
                continue
            size = _size_over_limit([*(b.layer for b in below), *(a.layer for a in above)])
            if size is not None:
                told.add(above[-1].row)
                message = _message(size, app, [*below, *above[:-1]])
                yield Problem(above[-1].row, above[-1].line, "", message)

    def _apps_too_large(self, tenant: str) -> Mapping[str | None, int]:
        layers = self._tenants.layers_of(tenant)
        sizes: dict[str | None, int] = {}
        for app in layers:
            pair = [layers[a].layer for a in dict.fromkeys((None, app)) if a in layers]
            if (size := _size_over_limit(pair)) is not None:
                sizes[app] = size
        return sizes


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
