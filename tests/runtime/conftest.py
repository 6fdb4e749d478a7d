"""The real engine with the samples' claims in it, and the artefact deployed over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from claimsctl.claims_file.validation import read_records
from claimsctl.loading.writers import write_records

from tests.artefact.artefact import ROOT, built, inventory
from tests.fakes import ENVIRONMENT
from tests.integration.engine import Table, claims_table, dynamodb_local, why_missing
from tests.runtime.emulator import Emulator, emulator

EVENTS = ROOT / "events"


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    """A table in the real engine with the samples' claims, never written to by tests."""
    reason = why_missing()
    if reason is not None:
        pytest.skip(reason)
    with dynamodb_local(tmp_path_factory.mktemp("engine")) as url, claims_table(url) as table:
        write_records(table.client, table.name, read_records(EVENTS / "claims.sample.csv"))
        yield table


@pytest.fixture(scope="session")
def artefact() -> Iterator[Path]:
    """What `sam build` leaves for this machine's processor; nothing that runs may change it."""
    folder = built("x86_64")
    before = inventory(folder)
    yield folder
    assert before == inventory(folder)


@pytest.fixture(scope="session")
def settings(table: Table) -> dict[str, str]:
    """What the template sets, for the samples' tenant and app, and for a busy machine."""
    return {
        **ENVIRONMENT,
        "TABLE_NAME": table.name,
        "ENTRA_WAIT_MS": "2000",
        "AWS_ENDPOINT_URL_DYNAMODB": table.url,
    }


@pytest.fixture
def cold(artefact: Path, settings: dict[str, str], tmp_path: Path) -> Iterator[Emulator]:
    """An environment that nobody has called yet."""
    with emulator(artefact, tmp_path, **settings) as environment:
        yield environment


@pytest.fixture(scope="session")
def warm(
    artefact: Path, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    """An environment that has answered already, and goes on answering for all tests."""
    with emulator(artefact, tmp_path_factory.mktemp("warm"), **settings) as environment:
        environment.invoke({})
        yield environment
