"""A DynamoDB client that answers from a dictionary, and a handler over it."""

import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from claims_provider.claims.key import LayerKey
from claims_provider.claims.store import ClaimsStore
from claims_provider.handler import CalloutHandler
from claims_provider.inbound.signing_keys import FetchKeys
from claims_provider.settings import read_settings
from claims_provider.telemetry import Telemetry
from claims_provider.wiring import verifier_of
from claimsctl.entra.token_claims import SAMPLE_API_APP_ID, TENANT_ID, issuer_of

Attributes = Mapping[str, Any]
BUDGET_MS = 5_000
"""Far more than a callout takes on a busy machine: time is not what tests over these are about."""

ENVIRONMENT = {
    "TABLE_NAME": "claims",
    "TENANT_ID": TENANT_ID,
    "TOKEN_ISSUER": issuer_of(TENANT_ID),
    "TOKEN_AUDIENCES": SAMPLE_API_APP_ID,
}


class FakeDynamoDB:
    """BatchGetItem over items by key; remembers what it was asked."""

    def __init__(self, items: Mapping[LayerKey, Attributes]) -> None:
        self._items = items
        self.asked: list[Sequence[LayerKey]] = []

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        """Answer as DynamoDB does: the items that exist, nothing left unprocessed."""
        ((table, wanted),) = request["RequestItems"].items()
        keys = [LayerKey(key["pk"]["S"], key["sk"]["S"]) for key in wanted["Keys"]]
        self.asked.append(keys)
        found = [
            {"pk": {"S": key.pk}, "sk": {"S": key.sk}, **self._items[key]}
            for key in keys
            if key in self._items
        ]
        return {"Responses": {table: found}, "UnprocessedKeys": {}}


def handler_over(
    client: Any, fetch_keys: FetchKeys | None = None, **environment: str
) -> CalloutHandler:
    """The real handler with the real store in front of `client`."""
    settings = read_settings({**ENVIRONMENT, **environment})
    store = ClaimsStore(settings.table_name, lambda: client)
    handler = CalloutHandler(
        settings=settings,
        verifier=verifier_of(settings, BUDGET_MS, fetch_keys),
        store=store,
        telemetry=Telemetry("local"),
        budget_ms=BUDGET_MS,
    )
    weakref.finalize(handler, _end_worker, store)
    return handler


def _end_worker(store: ClaimsStore) -> None:
    """End an idle worker with its handler: Lambda has one for its life, tests have thousands."""
    worker = store._workers._current
    if worker is not None:
        worker._jobs.put(None)
