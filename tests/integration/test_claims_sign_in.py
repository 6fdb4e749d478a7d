"""`claims show` computes the function's answer for any content of the table."""

import json
import time
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from claimsctl.claims_table.effective_claims import sign_in
from claimsctl.claims_table.location import TableLocation
from claimsctl.claims_table.reader import TableReader
from claimsctl.emulator.events import played_event
from claimsctl.emulator.function import LocalFunction, local_function
from claimsctl.entra.callout import body_of
from hypothesis import HealthCheck, given, settings

from tests.claims_file.files import APP, TENANT, USER
from tests.claims_table.items import item, tables
from tests.effort import tries
from tests.integration.engine import Table, claims_table

ADDRESS = "casey@contoso.com"
OTHER_APP = "99999999-0000-0000-0000-999999999999"
NOW_AND_THEN = settings(
    max_examples=tries(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def table(embedded: str) -> Iterator[Table]:
    """A table that each example fills anew: making one takes longer than the rest of it."""
    with claims_table(embedded) as table:
        yield table


def _refill(table: Table, items: list[dict[str, Any]]) -> None:
    for page in table.client.get_paginator("scan").paginate(TableName=table.name):
        for old in page["Items"]:
            table.client.delete_item(TableName=table.name, Key={"pk": old["pk"], "sk": old["sk"]})
    for new in items:
        table.client.put_item(TableName=table.name, Item=new)


def _answer(response: dict[str, Any]) -> tuple[int, Any]:
    body = json.loads(response["body"])
    if response["statusCode"] == 200:
        return 200, body
    return response["statusCode"], body["type"]


def _asked(function: LocalFunction, app: str | None) -> tuple[int, Any]:
    callout = deepcopy(body_of("member"))
    context = callout["data"]["authenticationContext"]
    if app is None:
        del context["clientServicePrincipal"]
    else:
        context["clientServicePrincipal"]["appId"] = app.upper()
    return _answer(function.invoke(played_event(json.dumps(callout).encode(), TENANT)))


@pytest.mark.parametrize(("user", "keys"), [(USER, "id"), (ADDRESS, "mail")])
def test_show_and_the_function_say_the_same(table: Table, user: str, keys: str) -> None:
    """Rows loaded by us or put by hand, readable or not, expired, hidden, of any app."""
    reader = TableReader(table.client, table.name)
    location = TableLocation(table.name, table.url)
    overrides = {"USER_KEYS": keys, "ENTRA_WAIT_MS": "2000"}
    with local_function(location, TENANT, overrides) as function:

        @NOW_AND_THEN
        @given(tables)
        def check(items: list[dict[str, Any]]) -> None:
            _refill(table, items)
            for app in (None, APP, OTHER_APP):
                shown = sign_in(reader, TENANT, user, app, time.time())
                assert _asked(function, app) == _answer(shown.response)

        check()
        large = {"M": {"a": {"S": "x" * 2000}}}
        more = {"M": {"b": {"S": "x" * 2000}}}
        _refill(table, [item(None, claims=large), item(user, APP, claims=more)])
        statuses = [_asked(function, app)[0] for app in (OTHER_APP, APP)]
        assert statuses == [
            sign_in(reader, TENANT, user, app, time.time()).response["statusCode"]
            for app in (OTHER_APP, APP)
        ]
        assert 200 == statuses[0] != statuses[1]
