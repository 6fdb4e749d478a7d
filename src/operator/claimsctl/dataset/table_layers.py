"""Tenants' own layers in the table, over which a file's rows will lie."""

from collections.abc import Mapping

from claims_provider.claims.item import Layer, read_item
from claims_provider.claims.key import tenant_key
from claims_provider.errors import StoreFailure

from claimsctl.dataset.problem import FieldProblem
from claimsctl.dataset.reader import TableReader
from claimsctl.dataset.reading import TenantLayers
from claimsctl.dataset.stored import key_of, record_key


def table_layers(reader: TableReader, now: float) -> TenantLayers:
    """What finds a tenant's layers, by app, that count at `now`, in epoch seconds.

    An item that cannot be read costs the sign-in anyhow, and is none here. It raises
    `OperatorError` when the table cannot be read.
    """

    def layers_of(tenant_id: str) -> Mapping[str | None, Layer]:
        layers: dict[str | None, Layer] = {}
        for item in reader.partition(tenant_key(tenant_id, None).pk):
            try:
                _, _, app_id = record_key(key_of(item))
                layer = read_item(item, now)
            except (FieldProblem, StoreFailure):
                continue
            if layer is not None:
                layers[app_id] = layer
        return layers

    return layers_of
