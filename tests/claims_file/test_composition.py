"""3 KB for a whole answer: rows are looked at together, as a callout lays them over one another."""

import json
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from claims_provider.claims.compose import compose
from claims_provider.claims.item import Layer, read_item
from claims_provider.contract.limits import CLAIMS_BYTES_MAX
from claims_provider.errors import CalloutError
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.validation import check_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.claims_file.files import APP, TENANT, USER
from tests.effort import tries

OTHER_APP = "11112222-bbbb-3333-cccc-4444dddd5555"
PAST = 1_600_000_000

Problems = Callable[..., list[str]]


def _problems(path: Path, rows: list[dict[str, Any]], **options: Any) -> list[str]:
    path.write_text("".join(json.dumps({"user": ""} | row) + "\n" for row in rows))
    with check_file(path, ReadOptions(tenant=TENANT), **options) as checked:
        assert checked.rows - checked.rejected == sum(1 for _ in checked.records())
        return [f"{problem.line}: {problem.message}" for problem in checked.problems]


@pytest.fixture
def problems_of(tmp_path: Path) -> Problems:
    """`problems_of(rows)` gives the problems of a file of these rows."""
    return lambda *rows, **options: _problems(tmp_path / "claims", list(rows), **options)


def _too_large(line: int, others: str, size: int, app: str | None) -> str:
    where = f"app {app}" if app else "every app"
    return (
        f"{line}: the row's claims together with those of {others} have {size} bytes in {where};"
        " Entra accepts at most 3072 bytes in one answer"
    )


def _claims(name: str, size: int) -> dict[str, str]:
    return {name: "x" * (size - len(name))}


def test_a_user_over_the_tenants_default(problems_of: Problems) -> None:
    """Each row fits alone but not together; the user's row is reported with the other's line."""
    assert [] == problems_of(_claims("a", 2000), {"user": USER} | _claims("b", 1072))
    assert [_too_large(2, "line 1", 3073, None)] == problems_of(
        _claims("a", 2000), {"user": USER} | _claims("b", 1073)
    )


def test_four_layers(problems_of: Problems) -> None:
    """Tenant, tenant in an app, user, user in that app: reported at the most specific row."""
    rows = [
        {"user": USER, "app_id": APP} | _claims("d", 800),
        {"user": USER} | _claims("c", 800),
        {"app_id": APP} | _claims("b", 800),
        _claims("a", 800),
        {"user": USER, "app_id": OTHER_APP} | _claims("d", 1472),
    ]
    assert [_too_large(1, "line 4 and line 3 and line 2", 3200, APP)] == problems_of(*rows)
    assert [] == problems_of(*rows[1:])


def test_every_row_that_is_too_large_is_reported(problems_of: Problems) -> None:
    """A reported row is ignored when the next one is checked."""
    rows = [{"user": USER} | _claims("b", 1500), {"user": USER, "app_id": APP} | _claims("c", 1500)]
    assert [
        _too_large(2, "line 1", 3500, None),
        _too_large(3, "line 1", 3500, APP),
    ] == problems_of(_claims("a", 2000), *rows)


def test_an_app_that_only_the_tenant_names(problems_of: Problems) -> None:
    """A user's row for every app is met by the tenant's row for one."""
    row = {"user": USER} | _claims("c", 2000)
    assert [_too_large(2, "line 1", 4000, APP)] == problems_of(
        {"app_id": APP} | _claims("b", 2000), row
    )
    assert [] == problems_of({"app_id": APP} | _claims("b", 2000), row | {"app_id": OTHER_APP})


def test_the_same_claim_counts_once(problems_of: Problems) -> None:
    """A more particular row's value takes the place of the other's."""
    assert [] == problems_of(_claims("a", 2000), {"user": USER} | _claims("a", 2000))


@pytest.mark.parametrize("name", ["hidden_claims", "a"])
def test_a_claim_that_is_hidden_does_not_count(problems_of: Problems, name: str) -> None:
    """Nor one that an empty list takes the place of."""
    hiding = {"hidden_claims": ["a"]} if name == "hidden_claims" else {"a": []}
    assert [] == problems_of(_claims("a", 2000), {"user": USER} | _claims("b", 2000) | hiding)


def test_rows_that_are_over_do_not_count(problems_of: Problems) -> None:
    """An expired row is not combined with others."""
    expired = {"expires_at": PAST}
    assert [] == problems_of(_claims("a", 2000) | expired, {"user": USER} | _claims("b", 2000))
    assert [] == problems_of(_claims("a", 2000), {"user": USER} | _claims("b", 2000) | expired)


def test_a_tenants_own_rows_are_reported_once(problems_of: Problems) -> None:
    """What is too large for everybody is the tenant's problem, not one of each of its users."""
    users = [{"user": f"u{number}@x", "c": "z"} for number in range(50)]
    assert [_too_large(2, "line 1", 4000, APP)] == problems_of(
        _claims("a", 2000), {"app_id": APP} | _claims("b", 2000), *users
    )


def test_layers_of_the_table_count(problems_of: Problems) -> None:
    """A tenant's layers that only the table has are met as well; the file's take their place."""
    asked = []

    def layers(tenant: str) -> dict[str | None, Layer]:
        asked.append(tenant)
        return {None: Layer(_claims("a", 2000)), APP: Layer(_claims("b", 500), frozenset({"c"}))}

    user = {"user": USER} | _claims("d", 1000)
    assert [_too_large(1, "the table and the table", 3500, APP)] == problems_of(
        user, tenant_layers=layers
    )
    assert [] == problems_of(user, _claims("a", 500), tenant_layers=layers)
    assert [TENANT] * 2 == asked


layer_rows = st.dictionaries(
    st.sampled_from("abc"),
    st.sampled_from([["x" * 400], "x" * 900, "y" * 1400, []]),
    max_size=3,
)
hidden = st.lists(st.sampled_from("abc"), max_size=2)
PLACES = list(product([None, "u@x", "v@x"], [None, APP, OTHER_APP]))


@settings(max_examples=tries(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(PLACES, st.tuples(layer_rows, hidden))))
def test_as_the_function_would(tmp_path: Path, places: dict[Any, Any]) -> None:
    """Rows are refused where some callout would get more than 3 KB; what is left fits."""
    rows = [
        {"user": user or "", "app_id": app, "hidden_claims": hide} | claims
        for (user, app), (claims, hide) in places.items()
    ]
    path = tmp_path / "claims"
    path.write_text("\n".join(json.dumps(row) for row in [{"user": "z@z"}, *rows]))
    with check_file(path, ReadOptions(tenant=TENANT)) as checked:
        good = list(checked.records())
        alone = [bad.row for bad in checked.rejected_rows() if " claims have " in bad.reason]
        together = checked.rejected - len(alone)
    left = {(record.user, record.app_id): read_item(record.to_item(), 0.0) for record in good}
    assert all(_fits(left, user, app) for user, app in PLACES)
    fit = {
        place: _layer(*content)
        for row, (place, content) in enumerate(places.items(), start=2)
        if row not in alone
    }
    assert (together == 0) == all(_fits(fit, user, app) for user, app in PLACES)


def _layer(claims: dict[str, Any], hide: list[str]) -> Layer:
    given_claims = {name: value for name, value in claims.items() if value}
    empty = {name for name, value in claims.items() if not value}
    return Layer(given_claims, frozenset(hide) | empty)


def _fits(layers: Mapping[Any, Layer | None], user: str | None, app: str | None) -> bool:
    """Whether the callout of `user` in `app` is answered."""
    keys = dict.fromkeys([(None, None), (None, app), (user, None), (user, app)])
    met = [layer for key in keys if (layer := layers.get(key)) is not None]
    try:
        return compose(met, {}).size <= CLAIMS_BYTES_MAX
    except CalloutError:
        return False
