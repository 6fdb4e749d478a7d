"""``claimsctl entra snapshot``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from claimsctl import private_files
from claimsctl.cli.console import stderr
from claimsctl.cli.login_options import LoginOption, OperatorApp
from claimsctl.cli.options import input_file
from claimsctl.cli.tenant_options import (
    DEFAULT_CONFIG,
    ConfigFile,
    signed_in,
)
from claimsctl.errors import OperatorError
from claimsctl.tenant.config import Config, read_config
from claimsctl.tenant.credentials import Login
from claimsctl.tenant.reading import READ_PERMISSIONS, read_configured
from claimsctl.tenant.snapshot import Snapshot
from claimsctl.text import escaped


def snapshot(
    config: ConfigFile = DEFAULT_CONFIG,
    client_id: OperatorApp = None,
    login: LoginOption = Login.CLIENT_CREDENTIALS,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="The file to write the snapshot to.",
            show_default="standard output",
        ),
    ] = None,
) -> None:
    """Save the objects of the chain as JSON, without secrets, keys or users."""
    settings = read_config(input_file(config))
    text = read_now(settings, client_id, login).text()
    if out is None:
        sys.stdout.write(text)
        return
    try:
        private_files.replace(out, text.encode())
    except OSError as error:
        message = f"--out {out}: cannot be written: {error.strerror}"
        raise OperatorError(message) from None
    stderr().print(escaped(f"{out} written"), markup=False)


def read_now(config: Config, client_id: str | None, login: Login) -> Snapshot:
    """Read the tenant. Raises `OperatorError`."""
    tenant = config.tenant
    graph = signed_in(tenant.id, tenant.kind, client_id, login, READ_PERMISSIONS)
    return read_configured(graph, config)
