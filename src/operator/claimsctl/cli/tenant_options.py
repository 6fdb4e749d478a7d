"""Options and sign-in of the commands that read or change a tenant."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from claimsctl.cli.options import input_file
from claimsctl.entra.token_claims import TenantKind
from claimsctl.tenant.config import Config, read_config
from claimsctl.tenant.credentials import Login, tenant_token
from claimsctl.tenant.graph import GRAPH, Graph, check_permissions
from claimsctl.tenant.lookup import Lookup

DEFAULT_CONFIG = "entra.toml"

ConfigFile = Annotated[
    str,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The tenant, endpoint and applications.",
        envvar="ENTRA_CONFIG",
    ),
]
SchemaFile = Annotated[
    str,
    typer.Option("--claims", metavar="FILE", help="The claims there are.", envvar="CLAIMS_SCHEMA"),
]


class PlanFormat(StrEnum):
    """How a plan is written."""

    TABLE = "table"
    JSON = "json"
    HTTP = "http"


def read_lookup(config: str, schema: str) -> Lookup:
    """The chain that the two files describe. Raises `OperatorError`."""
    from claimsctl.claims_file.schema import read_schema  # noqa: PLC0415  # after bad usage

    return Lookup(with_stack(read_config(input_file(config))), read_schema(Path(schema)))


def with_stack(config: Config) -> Config:
    """The configuration with the target URL and application of its stack, where it names one."""
    if config.endpoint.stack is None:
        return config
    from claimsctl.tenant.stack import stack_endpoint  # noqa: PLC0415  # loads boto3

    return config.model_copy(update={"endpoint": stack_endpoint(config.endpoint)})


def signed_in(
    tenant_id: str,
    kind: TenantKind,
    client_id: str | None,
    login: Login,
    permissions: tuple[str, ...],
) -> Graph:
    """Graph, with a token that has the permissions. Raises `OperatorError`."""
    token = tenant_token(tenant_id, kind, client_id, login)
    check_permissions(token, permissions)
    return Graph(token, GRAPH)
