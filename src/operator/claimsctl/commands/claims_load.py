"""``claimsctl claims load``."""

from pathlib import Path
from typing import Annotated

import typer

from claimsctl import report
from claimsctl.commands.claims_import import import_file
from claimsctl.dataset.check import check_file, read_records
from claimsctl.dataset.read_options import ReadOptions
from claimsctl.dataset.table import write_records
from claimsctl.local.table import TableLocation
from claimsctl.options import EndpointUrl, Tenant, Via, input_file


def load(
    file: Annotated[
        Path,
        typer.Argument(parser=input_file, metavar="FILE", help="CSV or JSON lines; - for stdin."),
    ],
    table: Annotated[str, typer.Option("--table", help="Table name.", envvar="TABLE_NAME")],
    tenant: Tenant = None,
    endpoint_url: EndpointUrl = None,
    via: Via = None,
) -> None:
    """Check a whole file of claims, then put its rows into a table in place of those there."""
    if via is not None:
        options = ReadOptions(tenant)
        with check_file(file, options) as checked:
            if checked.problem_count:
                raise checked.refusal()
            import_file(checked, options, via, TableLocation(table, endpoint_url))
        return
    records = read_records(file, tenant)
    by_address = sum("@" in (record.user or "") for record in records)
    location = TableLocation(table, endpoint_url)
    written = write_records(location.client(), table, records)
    report.err().print(f"{written} of {len(records)} rows written to {table}", markup=False)
    if by_address:
        keyed = "1 row is" if by_address == 1 else f"{by_address} rows are"
        note = "such rows count only where USER_KEYS lists mail or userPrincipalName"
        report.err().print(f"{keyed} keyed by address: {note}", markup=False)
