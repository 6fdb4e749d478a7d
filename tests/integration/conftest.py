"""Engines, tables and deployments for the integration tests."""

from collections.abc import Callable, Iterator

import pytest
from claims_provider.claims.store import ClaimsStore
from coverage import Coverage

from tests.integration.deployment import (
    BUDGET_MS,
    TENANT_ITEM,
    USER_ITEM,
    Deploy,
    Outcome,
    deploy_with,
    end_workers,
)
from tests.integration.engine import Table, claims_table, dynamodb_local, moto, why_missing


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the real DynamoDB engine."""
    reason = why_missing()
    if reason is not None:
        pytest.skip(reason)
    with dynamodb_local(tmp_path_factory.mktemp("engine")) as url:
        yield url


@pytest.fixture(scope="session")
def embedded() -> Iterator[str]:
    """The URL of moto, the embedded engine of `claimsctl`."""
    with moto() as url:
        yield url


@pytest.fixture(params=["moto", "dynamodb-local"])
def endpoint(request: pytest.FixtureRequest) -> str:
    """The URL of either engine: what is tested with it holds for both."""
    url: str = request.getfixturevalue("embedded" if request.param == "moto" else "engine")
    return url


@pytest.fixture
def table(endpoint: str) -> Iterator[Table]:
    """An empty table in either engine."""
    with claims_table(endpoint) as table:
        yield table


@pytest.fixture(scope="session")
def loaded_table(embedded: str) -> Iterator[Table]:
    """A table with a tenant's default and a member's claims, never written to by tests.

    The engine does not matter, because the proxy in front of it causes the faults.
    """
    with claims_table(embedded) as table:
        table.put_claims(TENANT_ITEM, {"role": "everything", "tier": "basic"})
        table.put_claims(USER_ITEM, {"role": "reader"})
        yield table


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Deploy]:
    """`deploy(url, table, **environment)` gives the whole function over a table."""
    ends: list[ClaimsStore] = []
    yield deploy_with(monkeypatch, capsys, ends)
    for store in ends:
        end_workers(store)


@pytest.fixture
def untraced(cov: Coverage | None) -> Iterator[None]:
    """Coverage looks away."""
    if cov is not None:
        cov.stop()
    yield
    if cov is not None:
        cov.start()


@pytest.fixture
def note_time(record_property: Callable[[str, object], None]) -> Callable[[str, Outcome], None]:
    """`note_time(fault, outcome)` reports the slowest answer at the end of the run."""

    def note(fault: str, outcome: Outcome) -> None:
        section = f"slowest answer under each fault (ms), budget {BUDGET_MS}"
        record_property(section, (outcome.milliseconds, fault))

    return note
