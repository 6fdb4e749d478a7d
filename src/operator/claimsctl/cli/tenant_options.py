"""Options and sign-in for the commands that read or change a tenant."""

from pathlib import Path
from typing import Annotated

import typer

from claimsctl.cli.options import input_file, read_input
from claimsctl.entra.token_claims import TenantKind
from claimsctl.errors import OperatorError
from claimsctl.tenant.config import Config, read_config, target_url
from claimsctl.tenant.credentials import Login, tenant_token
from claimsctl.tenant.graph import GRAPH, Graph, check_permissions
from claimsctl.tenant.lookup import Lookup
from claimsctl.tenant.snapshot import Snapshot, read_snapshot
from claimsctl.text import in_quotes

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
    typer.Option(
        "--claims", metavar="FILE", help="The schema of the claims.", envvar="CLAIMS_SCHEMA"
    ),
]


def _target_url(value: str | None) -> str | None:
    try:
        return None if value is None else target_url(value)
    except ValueError as error:
        message = f"{error}; found {in_quotes(value or '')}"
        raise typer.BadParameter(message) from None


StackOption = Annotated[
    str | None,
    typer.Option(
        "--stack",
        metavar="NAME",
        help="The stack to read the target URL and identifier URI from, instead of target_url or"
        " stack in entra.toml.",
        show_default=False,
    ),
]
MoveOption = Annotated[
    str | None,
    typer.Option(
        "--move",
        metavar="NEW_URL",
        help="Move the endpoint to another URL, in the order that keeps target URL and resourceId"
        " consistent.",
        callback=_target_url,
        show_default=False,
    ),
]


def read_lookup(config: str, schema: str, stack: str | None = None) -> Lookup:
    """Read the configuration, the claims schema and the stack. Raises `OperatorError`."""
    from claimsctl.claims_file.schema import read_schema  # noqa: PLC0415  # slow to import

    settings = with_stack(read_config(input_file(config), stack))
    return Lookup(settings, read_schema(Path(schema)))


def with_stack(config: Config) -> Config:
    """Return the configuration with the target URL and application of its stack, if any."""
    if config.endpoint.stack is None:
        return config
    from claimsctl.tenant.stack import stack_endpoint  # noqa: PLC0415  # loads boto3

    return config.model_copy(update={"endpoint": stack_endpoint(config.endpoint)})


def read_tenant_file(name: str, config: Config | None) -> Snapshot:
    """Read a snapshot. Raises `OperatorError` if it is not of the tenant in `config`."""
    path = input_file(name)
    tenant = read_snapshot(path, read_input(path))
    if config is not None and config.tenant.id != tenant.tenant_id.lower():
        message = (
            f"{path} is of tenant {tenant.tenant_id}, but the configuration is for tenant"
            f" {config.tenant.id}; name the right configuration with --config"
        )
        raise OperatorError(message)
    return tenant


def signed_in(
    tenant_id: str,
    kind: TenantKind,
    client_id: str | None,
    login: Login,
    permissions: tuple[str, ...],
) -> Graph:
    """Return a Graph client with the permissions. Raises `OperatorError`."""
    token = tenant_token(tenant_id, kind, client_id, login)
    check_permissions(token, permissions)
    return Graph(token, GRAPH)
