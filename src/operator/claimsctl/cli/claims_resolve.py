"""``claimsctl claims resolve``."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from claims_provider.contract.identifiers import canonical_guid

from claimsctl.claims_file.export import Export, ExportFormat
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.validation import check_file
from claimsctl.cli.console import stderr
from claimsctl.cli.login_options import LoginOption, OperatorApp
from claimsctl.cli.options import input_file
from claimsctl.cli.tenant_options import (
    DEFAULT_CONFIG,
    ConfigFile,
    signed_in,
)
from claimsctl.errors import ExitCode
from claimsctl.tenant.config import read_config
from claimsctl.tenant.credentials import Login
from claimsctl.tenant.users import USER_PERMISSIONS, resolve_addresses
from claimsctl.text import escaped


def resolve(
    file: Annotated[
        Path,
        typer.Argument(
            parser=input_file, metavar="FILE", help="A claims file whose users are addresses."
        ),
    ],
    config: ConfigFile = DEFAULT_CONFIG,
    form: Annotated[
        ExportFormat, typer.Option("--format", help="The format to write.")
    ] = ExportFormat.CSV,
    client_id: OperatorApp = None,
    login: LoginOption = Login.CLIENT_CREDENTIALS,
) -> None:
    """Replace the addresses in a claims file with object ids from Graph.

    Rows whose address belongs to no user, or to several, are omitted and reported; exit code 3.
    """
    tenant = read_config(input_file(config)).tenant
    note = stderr()
    with check_file(file, ReadOptions(tenant=tenant.id)) as checked, Export(form) as export:
        if checked.problem_count:
            raise checked.refusal()
        graph = signed_in(tenant.id, tenant.kind, client_id, login, USER_PERMISSIONS)
        addresses = (one.user for one in checked.records() if one.tenant_id == tenant.id)
        found = resolve_addresses(graph, (one for one in addresses if one and "@" in one))
        seen = set()
        left_out = 0
        for record in checked.records():
            user = record.user
            if user and "@" in user:
                id_ = found.ids.get(user) if record.tenant_id == tenant.id else None
                if id_ is None:
                    left_out += 1
                    continue
                record = replace(record, user=canonical_guid(id_))  # noqa: PLW2901
            if record.key in seen:
                text = f"line {record.line}: user {record.user} already has another row; omitted"
                note.print(escaped(text), markup=False)
                left_out += 1
                continue
            seen.add(record.key)
            export.add(record)
        for _ in export.write(sys.stdout):
            pass
        rows = export.counts.rows
    for address in found.unknown:
        note.print(escaped(f"{address}: no user has this address; omitted"), markup=False)
    for address, ids in found.ambiguous.items():
        several = f"{address}: {len(ids)} users have this address: {', '.join(ids)}; omitted"
        note.print(escaped(several), markup=False)
    note.print(f"{rows} rows written, {left_out} omitted", markup=False)
    if left_out:
        raise typer.Exit(ExitCode.PARTLY_DONE)
