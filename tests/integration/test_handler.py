"""The whole function with a real table: stored items and answers."""

import json
import time
from typing import Any

import pytest
from claims_provider.claims.key import tenant_key, user_key
from claims_provider.contract.limits import CLAIMS_BYTES_MAX
from claimsctl.emulator.events import played_event
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import CLIENT_APP_ID, TENANT_ID

from tests.integration.deployment import MEMBER, TENANT_ITEM, USER_ITEM, Deploy
from tests.integration.engine import Table

TENANT_APP_ITEM = tenant_key(TENANT_ID, CLIENT_APP_ID)
USER_APP_ITEM = user_key(TENANT_ID, MEMBER, CLIENT_APP_ID)
PATIENT = {"ENTRA_WAIT_MS": "2000"}


def _map(**claims: Any) -> Any:
    return {"M": claims}


def test_four_layers_win_in_order(table: Table, deploy: Deploy) -> None:
    """Claim by claim the user in the app wins, then the user, the tenant in the app, the tenant."""
    items = [TENANT_ITEM, TENANT_APP_ITEM, USER_ITEM, USER_APP_ITEM]
    for place, key in enumerate(items):
        table.put_claims(key, {f"from{low}": str(place) for low in range(place + 1)})
    expected = {"from0": "3", "from1": "3", "from2": "3", "from3": "3"}
    assert expected == deploy(table.url, table.name, **PATIENT).call().claims
    for place, key in reversed(list(enumerate(items))):
        table.put_claims(key, {f"only{place}": str(place), "all": str(place)})
    expected = {"all": "3", "only0": "0", "only1": "1", "only2": "2", "only3": "3"}
    assert expected == deploy(table.url, table.name, **PATIENT).call().claims


def test_another_app_gets_none_of_this_ones(table: Table, deploy: Deploy) -> None:
    """Claims for one app are not given to another."""
    table.put_claims(USER_APP_ITEM, {"role": "writer"})
    table.put_claims(USER_ITEM, {"role": "reader"})
    body = body_of("member")
    client = body["data"]["authenticationContext"]["clientServicePrincipal"]
    client["appId"] = "99999999-9999-9999-9999-999999999999"
    function = deploy(table.url, table.name, **PATIENT)
    outcome = function.call(played_event(json.dumps(body).encode(), TENANT_ID))
    assert {"role": "reader"} == outcome.claims


def test_hidden_claims_do_not_show(table: Table, deploy: Deploy) -> None:
    """An item hides claims of the layers below it, named in a set or in a list."""
    table.put_claims(TENANT_ITEM, {"a": "0", "b": "0", "c": "0"})
    table.put(USER_ITEM, claims=_map(), hidden_claims={"SS": ["a"]})
    table.put(USER_APP_ITEM, claims=_map(), hidden_claims={"L": [{"S": "b"}]})
    assert {"c": "0"} == deploy(table.url, table.name, **PATIENT).call().claims


@pytest.mark.parametrize(
    ("expires_at", "role"),
    [
        ({"N": str(int(time.time()) + 3600)}, "admin"),
        ({"N": str(int(time.time()) - 1)}, "reader"),
        ({"N": str(int(time.time()) * 1000 + 3_600_000)}, "reader"),
        ({"S": "2999-01-01"}, "reader"),
    ],
    ids=["to come", "past", "milliseconds", "text"],
)
def test_what_has_expired_is_gone(expires_at: Any, role: str, table: Table, deploy: Deploy) -> None:
    """An item that is expired, or has an invalid expiry, neither provides nor hides claims."""
    table.put_claims(TENANT_ITEM, {"role": "reader"})
    table.put(USER_ITEM, claims=_map(role={"S": "admin"}), expires_at=expires_at)
    assert {"role": role} == deploy(table.url, table.name, **PATIENT).call().claims


def test_strings_lists_and_sets_go_out(table: Table, deploy: Deploy) -> None:
    """What Entra takes arrives as it was stored, sets as sorted lists, in any script."""
    table.put(
        USER_ITEM,
        claims=_map(
            text={"S": "Zoë 🦆"},
            listed={"L": [{"S": "b"}, {"S": "a"}]},
            unordered={"SS": ["b", "a"]},
            empty={"S": ""},
        ),
    )
    expected = {"text": "Zoë 🦆", "listed": ["b", "a"], "unordered": ["a", "b"]}
    assert expected == deploy(table.url, table.name, **PATIENT).call().claims


def test_what_entra_cannot_take_is_withheld(table: Table, deploy: Deploy) -> None:
    """Numbers, booleans, nulls, maps, bytes and mixed lists stay here, counted in the log."""
    odd: dict[str, Any] = {
        "number": {"N": "7"},
        "flag": {"BOOL": True},
        "none": {"NULL": True},
        "map": {"M": {"x": {"S": "y"}}},
        "bytes": {"B": b"x"},
        "mixed": {"L": [{"S": "x"}, {"N": "1"}]},
        "numbers": {"NS": ["1"]},
    }
    table.put_claims(TENANT_ITEM, dict.fromkeys([*odd, "role"], "default"))
    table.put(USER_ITEM, claims={"M": odd})
    outcome = deploy(table.url, table.name, **PATIENT).call()
    assert ({"role": "default"}, 7) == (outcome.claims, outcome.line["claims_withheld"])


def test_too_much_is_an_error(table: Table, deploy: Deploy) -> None:
    """Claims of 3 KB together go out whole; a byte more is an error, never a cut."""
    function = deploy(table.url, table.name, **PATIENT)
    most = "x" * (CLAIMS_BYTES_MAX - 2)
    table.put_claims(TENANT_ITEM, {"b": ""})
    table.put_claims(USER_ITEM, {"aa": most})
    assert {"aa": most} == function.call().claims
    table.put_claims(TENANT_ITEM, {"b": "x"})
    outcome = function.call()
    assert (500, "claims-too-large") == (outcome.status, outcome.body["code"])
    assert CLAIMS_BYTES_MAX + 2 == outcome.line["cause"]["claims_bytes"]


def test_a_user_nobody_knows_gets_an_empty_set(table: Table, deploy: Deploy) -> None:
    """An empty table is an answer without claims, not a failure."""
    outcome = deploy(table.url, table.name, **PATIENT).call()
    assert ({}, "answered") == (outcome.claims, outcome.line["outcome"])


def test_an_item_that_cannot_be_read_lets_nothing_through(table: Table, deploy: Deploy) -> None:
    """An unreadable item is a store failure, so that the values that it overrides are not sent."""
    table.put_claims(TENANT_ITEM, {"role": "everything"})
    table.put(USER_ITEM, claims={"S": "oops"})
    outcome = deploy(table.url, table.name, **PATIENT).call()
    assert (503, "store-failure", "unreadable-item") == outcome.failure
