"""Configurations and tenants that tests of the chain share."""

from pathlib import Path

from claimsctl.claims_file.schema import read_schema
from claimsctl.tenant.apply import Driver, apply_steps
from claimsctl.tenant.config import read_config
from claimsctl.tenant.lookup import Lookup
from claimsctl.tenant.reading import read_configured
from claimsctl.tenant.snapshot import Snapshot
from claimsctl.tenant.steps import chain_steps

from tests.tenant.fake_graph import FakeGraph

TENANT = "11111111-1111-4111-8111-111111111111"
TEST_APP = "22222222-2222-4222-8222-222222222222"
OTHER_APP = "33333333-3333-4333-8333-333333333333"
HOST = "abc.execute-api.eu-central-1.amazonaws.com"
TARGET = f"https://{HOST}/callout"
NAME = "claims-provider"

CONFIG = f"""\
[tenant]
id = "{TENANT}"
kind = "external"

[endpoint]
target_url = "{TARGET}"

[test]
app_id = "{TEST_APP}"

[[applications]]
app_id = "{OTHER_APP}"
token = "access"
"""
SCHEMA = """\
[claims.customRoles]
type = "list"

[claims.dateOfBirth]
type = "string"
token_name = "date_of_birth"
"""


def write(folder: Path, config: str = CONFIG, schema: str = SCHEMA) -> tuple[Path, Path]:
    """Write the two configuration files."""
    paths = folder / "entra.toml", folder / "claims.toml"
    for path, text in zip(paths, (config, schema), strict=True):
        path.write_text(text, "utf-8")
    return paths


def chain_in(folder: Path, config: str = CONFIG, schema: str = SCHEMA) -> Lookup:
    """Return the chain that the two files describe."""
    config_path, schema_path = write(folder, config, schema)
    return Lookup(read_config(config_path), read_schema(schema_path))


def tenant_with_apps(delay: float = 0) -> FakeGraph:
    """Return a tenant with the two applications only, without the chain."""
    fake = FakeGraph(delay=delay)
    fake.add_app(TEST_APP)
    fake.add_app(OTHER_APP)
    return fake


def read(fake: FakeGraph, chain: Lookup) -> Snapshot:
    """Return the tenant as the command reads it."""
    return read_configured(fake.graph(), chain.config)


def driver(fake: FakeGraph, chain: Lookup) -> Driver:
    """Return a driver that confirms everything."""
    return Driver(fake.graph(), lambda: read(fake, chain), lambda _s, _r: True, lambda _: None)


def applied(fake: FakeGraph, chain: Lookup) -> Snapshot:
    """Return a tenant to which the whole chain was applied."""
    apply_steps(chain_steps(chain), driver(fake, chain))
    return read(fake, chain)
