"""``claimsctl doctor stack``."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from claimsctl.cli.console import stdout
from claimsctl.cli.doctor_tenant import exit_code, report_lines
from claimsctl.cli.options import input_file
from claimsctl.cli.tenant_options import DEFAULT_CONFIG
from claimsctl.tenant.config import read_config
from claimsctl.tenant.diagnosis import headline
from claimsctl.tenant.stack import check_stack


def doctor_stack(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the stack.")],
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="The configuration with the expected tenant and application.",
            envvar="ENTRA_CONFIG",
            show_default="entra.toml, if it exists",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 1 for warnings too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Check a deployed stack: outputs, alarms, version, authorizer.

    Exit code 1 when a check failed.
    """
    if config is None and Path(DEFAULT_CONFIG).exists():
        config = DEFAULT_CONFIG
    found = check_stack(name, None if config is None else read_config(input_file(config)))
    head = headline(found)
    if as_json:
        document = {
            "stack": name,
            "headline": head,
            "findings": [one.document() for one in found],
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        for line in report_lines(head, found):
            stdout().print(line)
    raise typer.Exit(exit_code(found, strict=strict))
