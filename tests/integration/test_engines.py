"""The behaviour that the store relies on, in the embedded engine and in the real one."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from claims_provider.claims.key import LayerKey
from claims_provider.claims.store import ClaimsStore
from claims_provider.deadline import Deadline
from claims_provider.errors import StoreFailure
from claims_provider.wiring import _connector

from tests.integration.behaviours import PASS
from tests.integration.deployment import BUDGET_MS, TENANT_ITEM, USER_ITEM, end_workers
from tests.integration.engine import Table
from tests.integration.fault_proxy import FaultProxy

NOBODY = LayerKey("USER#nobody", "APP#*")


@pytest.fixture
def proxy(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """What counts the store's requests to the engine."""
    with FaultProxy(endpoint, PASS) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", proxy.url)
        yield proxy


def _wire(key: LayerKey) -> dict[str, dict[str, str]]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def test_a_key_twice_is_an_error(table: Table) -> None:
    """Both engines refuse duplicate keys in a request, so each key is requested once."""
    with pytest.raises(ClientError, match="contains duplicates"):
        table.client.batch_get_item(
            RequestItems={table.name: {"Keys": [_wire(USER_ITEM), _wire(USER_ITEM)]}}
        )


def test_an_answer_has_items_and_unprocessed_keys(table: Table) -> None:
    """Even where there is nothing, an answer names the table and says that nothing is left."""
    answer = table.client.batch_get_item(RequestItems={table.name: {"Keys": [_wire(NOBODY)]}})
    assert ({table.name: []}, {}) == (answer["Responses"], answer["UnprocessedKeys"])


def test_items_come_with_their_keys(table: Table) -> None:
    """An item contains its whole key, which identifies it; the order has no meaning."""
    table.put_claims(USER_ITEM, {"a": "1"})
    table.put_claims(TENANT_ITEM, {"b": "2"})
    answer = table.client.batch_get_item(
        RequestItems={table.name: {"Keys": [_wire(TENANT_ITEM), _wire(USER_ITEM), _wire(NOBODY)]}}
    )
    keys = {(item["pk"]["S"], item["sk"]["S"]) for item in answer["Responses"][table.name]}
    assert {(key.pk, key.sk) for key in (TENANT_ITEM, USER_ITEM)} == keys


def test_a_past_item_is_still_there(table: Table) -> None:
    """An engine may return expired items, so the function checks the expiry."""
    table.put(USER_ITEM, claims={"M": {}}, expires_at={"N": "1"})
    answer = table.client.batch_get_item(RequestItems={table.name: {"Keys": [_wire(USER_ITEM)]}})
    assert 1 == len(answer["Responses"][table.name])


def test_the_store_reads_what_exists(table: Table, proxy: FaultProxy) -> None:
    """The store gives the items that exist under the keys, in one round trip."""
    table.put_claims(USER_ITEM, {"a": "1"})
    store = ClaimsStore(table.name, _connector(BUDGET_MS))
    found = store.read([TENANT_ITEM, USER_ITEM, NOBODY], Deadline.after_ms(2000))
    assert {USER_ITEM: {**_wire(USER_ITEM), "claims": {"M": {"a": {"S": "1"}}}}} == found
    assert 1 == len(proxy.requests)
    end_workers(store)


def test_a_hundred_keys_are_one_request(table: Table, proxy: FaultProxy) -> None:
    """As many keys as an engine takes at once are read at once."""
    keys = [LayerKey(f"USER#{number}", "APP#*") for number in range(100)]
    for key in keys:
        table.put_claims(key, {"a": "1"})
    store = ClaimsStore(table.name, _connector(BUDGET_MS))
    assert set(keys) == store.read(keys, Deadline.after_ms(2000)).keys()
    assert 1 == len(proxy.requests)
    end_workers(store)


def test_a_missing_table_is_refused_once(endpoint: str, proxy: FaultProxy) -> None:
    """A table that does not exist is a refusal, which no second attempt would change."""
    store = ClaimsStore("missing", _connector(BUDGET_MS))
    with pytest.raises(StoreFailure) as caught:
        store.read([USER_ITEM], Deadline.after_ms(2000))
    assert {
        "reason": "refused",
        "error": "ResourceNotFoundException",
        "status": 400,
    } == caught.value.evidence
    assert 1 == len(proxy.requests)
    end_workers(store)
